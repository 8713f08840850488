/**
 * The words for files that are not imported now, for status, log and mail. Pure.
 */
import type { BigIntStats } from "node:fs";
import type { WaitingFile } from "../../importer/ports.ts";

export const waiting = {
  changing: (name: string) => file(name, "changing", "still changing"),

  noLineEnd: (name: string) =>
    file(name, "no_line_end", "its last line is open, so the rest may still be on its way; it is taken later if not"),

  changedWhileRead: (name: string) =>
    file(name, "changed_while_read", "it changed while it was read; it is read again when it no longer changes"),

  unreadable: (name: string, { uid, mode }: BigIntStats) =>
    file(
      name,
      "unreadable",
      `rosterd may not read it (owner uid ${uid}, mode ${octal(mode)}); ` +
        "set the upload server so that the group of rosterd may read what it stores",
    ),

  failing: (name: string, code: string) =>
    file(name, "failing", `the system cannot reach it (${code}); check the disk or the mount`),

  notMovable: (name: string, code: string) =>
    file(
      name,
      "not_movable",
      `rosterd may not move it (${code}); make the upload folder belong to the user of rosterd, ` +
        "and the file not immutable; tried again in a minute",
    ),

  notUtf8: (name: string) => file(name, "not_utf8_name", "its name is not UTF-8; rename it or upload it again"),

  notAPlainFile: (name: string, stats: BigIntStats) =>
    file(name, "not_a_plain_file", `it is ${kindOf(stats)}, which is never opened; remove it`),

  stray: (key: string) =>
    file(`.rosterd/${key}`, "stray", "it holds something other than one upload; look at it and remove it"),
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
