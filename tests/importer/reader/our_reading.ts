/** The result of rosterd's reader for a file, in a form that can be compared with other readers. */
import { RejectedFile } from "../../../src/domain/outcome.ts";
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import { readRecords } from "../../../src/importer/csv/csv.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf, recordsOf } from "../../support/memory_file.ts";
import type { GeneratedCsv } from "./generated_csv.ts";

/** One record: its values, or why it cannot be read. */
export type Read = { line: number; values: string[] } | { line: number; why: Malformed };

/** The bytes of a generated file. */
export function bytesOf({ text, mark }: Pick<GeneratedCsv, "text" | "mark">): Uint8Array {
  return new TextEncoder().encode((mark ? "\ufeff" : "") + text);
}

/**
 * All records that rosterd's reader finds when given chunks of a certain size, or the line at which the file looks cut
 * off.
 */
export async function readByUs(file: GeneratedCsv, chunk: number): Promise<Read[] | number> {
  const examined = await examinedText(fileOf(bytesOf(file), { chunk }), "reject");
  const options = { delimiter: file.delimiter.charCodeAt(0), line: 1, validate: examined.invalidBytes };
  try {
    const records = await recordsOf(readRecords(examined.text(), options));
    return records.map((record) => "why" in record ? { line: record.line, why: record.why } : record);
  } catch (error) {
    if (error instanceof RejectedFile && error.reason.code === "cut_off") return error.reason.line!;
    throw error;
  }
}
