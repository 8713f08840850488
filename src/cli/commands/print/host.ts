/**
 * What the printed texts name of this machine: the program, its folders and its address. Every path is absolute, and has
 * only characters that mean nothing to a shell, systemd, sshd, vsftpd or YAML. So no template needs to quote a path.
 */
import { basename, dirname, join, resolve } from "node:path";
import { type Config, WrongConfiguration } from "../../../config.ts";

export interface Host {
  /** The compiled program: this one, or where it is meant to be installed. */
  readonly program: string;
  /** Where the service finds it: not in a home folder, which no service may enter. */
  readonly binary: string;
  readonly upload: string;
  readonly settings: string;
  readonly data: string;
  /** As `--listen` takes it. */
  readonly listen: string;
  readonly port: number;
  /** As `--hosts` takes it; empty for none. */
  readonly hosts: string;
}

/** Where the compiled program is meant to be installed, for a program that runs from its source. */
const INSTALLED = "/usr/local/bin/rosterd";

/** Folders that `ProtectHome=` of systemd is about. */
export const HOME = /^\/(home|root|run\/user)(\/|$)/;

/** Throws {@link WrongConfiguration} for a path that cannot be printed. */
export function hostOf(config: Config): Host {
  const { hostname, port } = config.listen;
  const program = Deno.build.standalone ? plain(Deno.execPath()) : INSTALLED;
  return {
    program,
    binary: HOME.test(program) ? INSTALLED : program,
    upload: plain(realPath(config.upload)),
    settings: plain(realPath(config.settings)),
    data: plain(realPath(config.data)),
    listen: `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    port,
    hosts: config.hosts.join(","),
  };
}

/**
 * The names that lock an uploader in: `parent` is the folder that the uploader sees as `/`, `folder` the upload folder in
 * it, and `parents` the folders that only root may write to. Throws {@link WrongConfiguration} if `parent` is `/`.
 */
export function jailOf({ upload }: Host) {
  const parent = dirname(upload);
  if (parent !== "/") return { upload, parent, folder: basename(upload), parents: parentsOf(upload).join(" ") };
  throw new WrongConfiguration(
    `Uploaders are locked into the folder above the upload folder, and above ${upload} is the whole machine: ` +
      "name one such as /srv/rosterd/upload with --upload",
  );
}

function parentsOf(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...parentsOf(above)];
}

/** Absolute and without links, as far as the path exists and its folders can be read. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return Deno.realPathSync(absolute);
  } catch (error) {
    const isHidden = error instanceof Deno.errors.NotFound || error instanceof Deno.errors.PermissionDenied;
    if (!isHidden || absolute === "/") throw error;
    return join(realPath(dirname(absolute)), basename(absolute));
  }
}

function plain(path: string): string {
  if (/^[\p{L}\p{N}._\/@+=,-]+$/u.test(path)) return path;
  throw new WrongConfiguration(
    `${JSON.stringify(path)} cannot be printed: use only letters, digits and . _ - + = @ , in its name, and no blanks`,
  );
}
