/**
 * Reads and checks a roster as an import would, but without a database. Yields each record's values, the values to
 * store, and the problems.
 */
import type { PastFailure, Problem } from "../../../src/domain/outcome.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { Batch } from "../../../src/importer/csv/batch.ts";
import { createCheck } from "../../../src/importer/checks/check.ts";
import { writeFailedFile } from "../../../src/importer/files/failed_file.ts";
import type { Header } from "../../../src/importer/checks/header.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf } from "../../support/memory_file.ts";

export const TODAY = "2026-11-23";

export interface CheckedRecord {
  line: number;
  /** The values in the file; null if the record cannot be read. */
  values: string[] | null;
  /** The text of the record. */
  raw: string;
  /** For each column: a value, null (the user keeps the current value) or "CLEARS". */
  stored: Record<string, string | null>;
  problems: Problem[];
}

export interface CheckedRoster {
  delimiter: string;
  header: Header;
  records: CheckedRecord[];
}

/** Reads and checks a whole roster. Throws the same errors as an import. */
export async function checkRoster(content: Uint8Array | string, settings: Settings): Promise<CheckedRoster> {
  const examined = await examinedText(fileOf(content), settings.fallback_encoding);
  const { delimiter, header, records } = await openRoster(examined.text, settings, examined.invalidBytes);
  const check = createCheck(header, settings, TODAY);
  const seen: CheckedRecord[] = [];
  for await (const batch of records()) {
    const found = Array.from({ length: batch.count }, (_, record) => asItStands(batch, record));
    const problems = check(batch);
    for (const [at, record] of found.entries()) {
      const stored = record.values === null ? {} : storedValues(batch, at, header);
      seen.push({ ...record, stored, problems: problems.get(at) ?? [] });
    }
  }
  return { delimiter, header, records: seen };
}

/** Copies a record before it is checked, because the check changes the values in place. */
function asItStands(batch: Batch, record: number): Pick<CheckedRecord, "line" | "values" | "raw"> {
  const values = batch.malformed.has(record) ? null : batch.values(record);
  return { line: batch.line[record], values, raw: batch.recordText(record) };
}

function storedValues(batch: Batch, record: number, header: Header): CheckedRecord["stored"] {
  return Object.fromEntries(header.present.map(({ column, positions }) => {
    const value = batch.firstValue[record] + positions[0];
    const text = batch.flags[value] & Batch.CLEARS ? "CLEARS" : batch.text(value);
    return [column.name, text === "" ? null : text];
  }));
}

/** The failed-records file that a roster gets if these records fail. */
export async function failedFileOf(
  content: Uint8Array | string,
  failed: readonly CheckedRecord[],
  settings: Settings,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const file = fileOf(content);
  const signal = new AbortController().signal;
  const { encoding, invalidBytes, text } = await examinedText(file, settings.fallback_encoding);
  const { delimiter } = await openRoster(text, settings, invalidBytes);
  const entry = { encoding, delimiter, settings };
  await writeFailedFile({ file, failures: pages(failed), entry, signal }, (bytes) => {
    parts.push(bytes.slice());
    return Promise.resolve();
  });
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

/** Yields two failures per page so that there are several pages. */
async function* pages(records: readonly CheckedRecord[]): AsyncGenerator<PastFailure[]> {
  for (let at = 0; at < records.length; at += 2) {
    yield await Promise.resolve(
      records.slice(at, at + 2).map(({ line, stored, problems }) => ({
        line,
        unique_id: stored.unique_id ?? null,
        since: "2026-11-23T18:45:00.000Z",
        problems,
      })),
    );
  }
}
