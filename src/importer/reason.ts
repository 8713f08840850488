/** Why an import could not be done, in words that never quote a value. */
import type { Reason } from "../domain/outcome.ts";
import { codeOf, sqlState } from "../runtime/errors.ts";
import { ChangedWhileRead } from "./import_job.ts";

/** Why an import could not be done, for the history and the log: a stable code and a sentence, never a value. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof ChangedWhileRead) return { code: "changed_while_read", text: error.message, line: null };
  return { code: codeOf(error) || "unexpected", text: sentenceOf(error), line: null };
}

/** Messages of the database may quote values; those of rosterd and of the file system do not. */
function sentenceOf(error: unknown): string {
  const state = sqlState(error);
  if (state !== null) return `the database refused: SQLSTATE ${state}`;
  return error instanceof Error ? error.message : "an unexpected error";
}
