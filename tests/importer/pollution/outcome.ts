/**
 * The outcome of a polluted roster: which records would be applied, which would fail, or whether the file would be
 * rejected.
 */
import { RejectedFile } from "../../../src/domain/outcome.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { createCheck } from "../../../src/importer/checks/check.ts";
import { knownNames } from "../../../src/importer/checks/header.ts";
import { judgeWithoutRecords } from "../../../src/importer/csv/lost_line_ends.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf } from "../../support/memory_file.ts";

/** `columns`: the known columns. `applied`: the values of each record without a problem. */
export type Outcome =
  | { rejected: string }
  | { rejected: null; columns: readonly string[]; applied: string[][]; failures: string[] };

/** Reads and checks a roster as an import does, up to the database. */
export async function outcomeOf(
  text: string,
  settings: Settings = parseSettings({}),
  chunk = 65_536,
): Promise<Outcome> {
  try {
    const { text: bytes, invalidBytes } = await examinedText(fileOf(text, { chunk }), settings.fallback_encoding);
    const { header, records } = await openRoster(bytes, settings, invalidBytes);
    const check = createCheck(header, settings, "2026-11-30");
    const applied: string[][] = [], failures: string[] = [];
    let read = 0;
    for await (const batch of records()) {
      read += batch.count;
      // The values are copied first because the check changes the bytes in place.
      const raw = Array.from({ length: batch.count }, (_, record) => batch.recordText(record));
      const problems = check(batch);
      for (let record = 0; record < batch.count; record++) {
        const first = batch.firstValue[record];
        if (problems.has(record)) failures.push(raw[record]);
        else applied.push(header.present.map(({ positions }) => batch.text(first + positions[0])));
      }
    }
    if (read === 0) judgeWithoutRecords(header, knownNames(settings.header_aliases));
    return { rejected: null, columns: header.present.map(({ column }) => column.name), applied, failures };
  } catch (error) {
    if (error instanceof RejectedFile) return { rejected: error.reason.code };
    throw error;
  }
}
