/** Explains why a file cannot be imported now, for the status, the log and the emails. */
import type { BigIntStats } from "node:fs";
import type { WaitingFile } from "../../importer/inbox_port.ts";

export const waiting = {
  changing: (name: string) => file(name, "changing", "still changing"),
  noLineEnd: (name: string) =>
    file(
      name,
      "no_line_end",
      "its last line has no line ending, so the upload may be incomplete; if the file stays unchanged, it will be imported later",
    ),
  changedWhileRead: (name: string) =>
    file(
      name,
      "changed_while_read",
      "it changed while rosterd was reading it; rosterd will read it again once it has settled",
    ),
  unreadable: (name: string, { uid, mode }: BigIntStats) =>
    file(
      name,
      "unreadable",
      `rosterd cannot read it (owner uid ${uid}, mode ${octal(mode)}); ` +
        "configure the upload server so that rosterd's group can read its files",
    ),
  failing: (name: string, code: string) =>
    file(name, "failing", `it cannot be accessed (${code}); check the disk or the mount`),
  notMovable: (name: string, code: string) =>
    file(
      name,
      "not_movable",
      `rosterd cannot move it (${code}) and will retry in a minute; ` +
        "make rosterd's user the owner of the upload folder, and check that the file is not immutable",
    ),
  notUtf8: (name: string) => file(name, "not_utf8_name", "its name is not UTF-8; rename it or upload it again"),
  notAPlainFile: (name: string, stats: BigIntStats) =>
    file(name, "not_a_plain_file", `it is ${kindOf(stats)}, which rosterd never opens; remove it`),
  noFeed: (name: string, folder: string) =>
    file(name, "no_feed", `the folder ${folder} does not belong to a feed; add the folder to feeds, or move the file`),
  stray: (key: string) =>
    file(`.rosterd/${key}`, "stray", "the folder must contain a single upload; check its content and remove it"),
};

function file(name: string, code: string, text: string): WaitingFile {
  return { name, code, text: `waiting: ${text}` };
}

function octal(mode: bigint): string {
  return (mode & 0o7777n).toString(8).padStart(4, "0");
}

function kindOf(stats: BigIntStats): string {
  if (stats.isSymbolicLink()) return "a link";
  if (stats.isDirectory()) return "a folder";
  if (stats.isFIFO()) return "a pipe";
  return stats.isSocket() ? "a socket" : "a device";
}
