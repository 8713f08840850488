/**
 * What the printed texts name of this machine: where the program stands, its folders and its address. Every path is absolute,
 * and of characters that mean nothing to a shell, to systemd, sshd, vsftpd or YAML, so that no text needs quotes.
 */
import { basename, dirname, join, resolve } from "node:path";
import { type Config, WrongConfiguration } from "../../../config.ts";

/** The user of the service, and the group of those who upload. */
export const SERVICE_USER = "rosterd";
export const UPLOADERS = "rosterd-upload";
/** The first of those who upload; others are made in the same way. */
export const UPLOADER = "registry";

export interface Host {
  /** The compiled program: this one, or where it is meant to be installed. */
  readonly binary: string;
  readonly isCompiled: boolean;
  readonly upload: string;
  readonly settings: string;
  readonly data: string;
  /** As `--listen` wants it. */
  readonly listen: string;
  readonly port: number;
  /** As `--hosts` wants it; empty where there are none. */
  readonly hosts: string;
}

/** Where the compiled program is meant to stand when this one runs from its source. */
const INSTALLED = "/usr/local/bin/rosterd";

/** Throws {@link WrongConfiguration} for a path that cannot be printed. */
export function hostOf(config: Config): Host {
  const { hostname, port } = config.listen;
  return {
    binary: plain(Deno.build.standalone ? Deno.execPath() : INSTALLED),
    isCompiled: Deno.build.standalone,
    upload: plain(realPath(config.upload)),
    settings: plain(realPath(config.settings)),
    data: plain(realPath(config.data)),
    listen: `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`,
    port,
    hosts: config.hosts.join(","),
  };
}

/** The folder that whoever uploads sees as `/`. Throws {@link WrongConfiguration} when that would be the whole machine. */
export function jailOf({ upload }: Host): string {
  const jail = dirname(upload);
  if (jail !== "/") return jail;
  throw new WrongConfiguration(
    `whoever uploads is locked into the folder above the upload folder, and above ${upload} is the whole machine: ` +
      "name one such as /srv/rosterd/upload with --upload",
  );
}

/** Absolute and without links, as far as it exists and whoever prints may look. */
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
    `${JSON.stringify(path)} cannot be printed: name it by letters, digits and . _ - + = @ , only, without blanks`,
  );
}
