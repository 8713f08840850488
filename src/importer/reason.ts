/** Explains why an import failed, without quoting values from the roster or the database. */
import type { Reason } from "../domain/outcome.ts";
import { codeOf, sqlState } from "../runtime/errors.ts";
import { ChangedWhileRead } from "./import_job.ts";
import { MissingRight } from "./ports.ts";

export function reasonOf(error: unknown): Reason {
  if (error instanceof ChangedWhileRead) return { code: "changed_while_read", text: error.message, line: null };
  return { code: codeOf(error) || "unexpected", text: sentenceOf(error), line: null };
}

/** PostgreSQL's messages may contain users' data, so only the SQLSTATE is given. */
function sentenceOf(error: unknown): string {
  if (error instanceof MissingRight) return error.message;
  const state = sqlState(error);
  if (state !== null) return `the database refused the import (SQLSTATE ${state})`;
  return error instanceof Error ? error.message : "unexpected error";
}
