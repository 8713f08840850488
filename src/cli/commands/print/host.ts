/**
 * The program, folders and address in the printed text. Every path is absolute and free of characters that are special
 * to a shell, systemd, sshd, vsftpd or YAML, so the templates need no quotes.
 */
import { basename, dirname, join, relative, resolve } from "node:path";
import { type Config, WrongConfiguration } from "../../../config.ts";
import { urlHost } from "../../../runtime/url_host.ts";

export interface Host {
  /** The path of the compiled program: the running program, or the program to install. */
  readonly program: string;
  /**
   * The path of the program in the unit. The path is never in a home folder, because services cannot enter home
   * folders.
   */
  readonly binary: string;
  readonly upload: string;
  readonly settings: string;
  readonly data: string;
  /** The address, in the form that `--listen` accepts. */
  readonly listen: string;
  readonly port: number;
  /** The host names, in the form that `--hosts` accepts; empty if there are no names. */
  readonly hosts: string;
}

/** The path for the compiled program if rosterd runs from source. */
const INSTALLED = "/usr/local/bin/rosterd";

/** The folders that systemd's `ProtectHome=` hides. */
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
    listen: `${urlHost(hostname)}:${port}`,
    port,
    hosts: config.hosts.join(","),
  };
}

/**
 * The account of an uploader, and the folders that confine it. `parent`: the folder that the uploader sees as `/`.
 * `folder`: the folder to upload into, relative to `parent`. `parents`: the folders that only root may write to. Throws
 * {@link WrongConfiguration} if `parent` is `/`.
 */
export function jailOf({ upload }: Host, feed: string) {
  const parent = dirname(upload);
  if (parent === "/") {
    throw new WrongConfiguration(
      `the upload folder ${upload} is directly below /, so uploaders could see the whole machine: ` +
        "choose a folder such as /srv/rosterd/upload with --upload",
    );
  }
  const target = join(upload, feed);
  return {
    upload,
    target,
    parent,
    folder: relative(parent, target),
    parents: parentsOf(upload).join(" "),
    ...(feed === "" ? { group: "rosterd-upload", account: "registry", only: "", more: "" } : feedAccount(feed, target)),
  };
}

/** Debian's length limit for group and user names. */
const MAX_NAME_LENGTH = 32;

function feedAccount(feed: string, target: string) {
  const group = `rosterd-${feed}`;
  if (group.length > MAX_NAME_LENGTH || group === "rosterd-upload") {
    throw new WrongConfiguration(
      `the feed ${feed} needs its own group, but ${group} cannot be the name of that group: rename the feed`,
    );
  }
  return {
    group,
    account: group,
    only: ",\n# where they can open only this folder",
    more: "#   systemctl restart rosterd    (so that it joins the group)\n" +
      `# To let them read the files in bak: chgrp ${group} ${target}/bak && chmod 2750 ${target}/bak\n`,
  };
}

function parentsOf(path: string): string[] {
  const above = dirname(path);
  return above === path ? [] : [above, ...parentsOf(above)];
}

/** The absolute path. Links are resolved in the part of the path that exists and can be read. */
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
    `cannot print the path ${
      JSON.stringify(path)
    }: it may contain only letters, digits and . _ - + = @ , and no spaces`,
  );
}
