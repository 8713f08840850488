/** A FILE on the command line: opened, shown while it is read, and closed. */
import { basename } from "node:path";
import type { Report } from "../domain/outcome.ts";
import type { Progress, RosterFile } from "../importer/ports.ts";
import { errorReport } from "../importer/report.ts";
import { openRosterFile } from "../inbox/files/open.ts";
import { codeOf, isErrno } from "../runtime/errors.ts";
import { printable } from "../runtime/log.ts";
import { EmbeddedInUse } from "../service/open_database.ts";
import { CommandFailed, type Invocation } from "./command.ts";
import type { Terminal } from "./terminal.ts";

const OPEN_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  EACCES: "the file may not be read",
  EPERM: "the file may not be read",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is not a folder",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
  not_a_plain_file: "it is not a plain file",
};

/** Opens the file at `path` for `work`; a file that cannot be opened, whatever the system says, becomes a report. */
export async function openNamed<T extends Report>(
  path: string,
  work: (file: RosterFile) => Promise<T>,
  unopened: (file: string, error: unknown) => T,
): Promise<T> {
  const name = basename(path);
  let file: RosterFile;
  try {
    // On the command line a link means what it leads to.
    file = await openRosterFile(await Deno.realPath(path), name);
  } catch (error) {
    const code = codeOf(error);
    if (!isErrno(error) && code !== "not_a_plain_file") throw error;
    const why = OPEN_ERRORS[code] ?? `it cannot be opened (${code})`;
    return unopened(name, Object.assign(new Error(`${path}: ${why}`), { code: code.toLowerCase() }));
  }
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

const STAGES = { examining: "looking at", reading: "reading", merging: "merging", reporting: "reporting" };
const PROGRESS_INTERVAL_MS = 100;

/** Shows where an import is, to a person, ten times a second at most. */
export function showProgress(terminal: Terminal, path: string): (progress: Progress) => void {
  let shownAt = 0;
  return ({ stage, bytes, total_bytes, records }) => {
    const now = performance.now();
    if (now - shownAt < PROGRESS_INTERVAL_MS && stage !== "merging") return;
    shownAt = now;
    const share = total_bytes === 0 ? 100 : Math.min(100, Math.floor((bytes / total_bytes) * 100));
    terminal.progress(`${printable(basename(path))}: ${STAGES[stage]} ${share} %, ${records} records`);
  };
}

/** A script gets its document also where the database cannot be used; a person gets one sentence. */
export function withoutDatabase({ flags, operands, terminal }: Invocation, error: unknown): Report[] {
  if (!flags.json || !(error instanceof CommandFailed || error instanceof EmbeddedInUse)) throw error;
  terminal.err(`rosterd: ${error.message}`);
  return operands.map((path) =>
    errorReport(basename(path), Object.assign(new Error(error.message), { code: "database" }))
  );
}
