/** Why an import could not be done, in words that never quote a value. */
import type { Reason } from "../domain/outcome.ts";
import { ChangedWhileRead } from "./import_job.ts";

/** Why an import could not be done, for the history and the log: a stable code and a sentence, never a value. */
export function reasonOf(error: unknown): Reason {
  if (error instanceof ChangedWhileRead) return { code: "changed_while_read", text: error.message, line: null };
  const code = (error as { code?: unknown } | null)?.code;
  const known = typeof code === "string" && code !== "" ? code : "unexpected";
  return { code: known, text: sentenceOf(error, known), line: null };
}

/** Messages of the database may quote values; those of rosterd and of the file system do not. */
function sentenceOf(error: unknown, code: string): string {
  if (/^[0-9A-Z]{5}$/.test(code)) return `the database refused: SQLSTATE ${code}`;
  return error instanceof Error ? error.message : "an unexpected error";
}
