/** Takes a roster through all steps of an import that precede the database: sniff, decode, open, read and check. */
import { RejectedFile } from "../../../src/domain/outcome.ts";
import type { Problem, Reason } from "../../../src/domain/outcome.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { createCheck } from "../../../src/importer/checks/check.ts";
import type { Encoding } from "../../../src/importer/source/sniff.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf, recordOf, type SeenRecord } from "../../support/memory_file.ts";

/** One record as it was read, and the problems found when it was checked. */
export type Entry = SeenRecord & { raw: string; problems: Problem[] };

export interface Reading {
  encoding: Encoding;
  delimiter: string;
  names: readonly string[];
  entries: Entry[];
}

export interface ReadOptions {
  chunk: number;
  fallback?: Settings["fallback_encoding"];
  /** Reads the file as if sniffing had detected this encoding. */
  encoding?: Encoding;
}

/** Reads a roster. Throws only `RejectedFile`. */
export async function readWholeWay(
  bytes: Uint8Array,
  { chunk, fallback = "windows-1252", encoding }: ReadOptions,
): Promise<Reading> {
  const file = fileOf(bytes, { chunk });
  const settings = parseSettings({ fallback_encoding: fallback });
  const examined = await examinedText(file, fallback, encoding);
  const { delimiter, header, records } = await openRoster(examined.text, settings, examined.invalidBytes);
  const check = createCheck(header, settings, "2026-01-01"), entries: Entry[] = [];
  for await (const batch of records()) {
    // The check changes values in place, so they are copied beforehand.
    const seen = Array.from({ length: batch.count }, (_, record) => ({
      ...recordOf(batch, record),
      raw: batch.recordText(record),
    }));
    const problems = check(batch);
    seen.forEach((record, at) => entries.push({ ...record, problems: problems.get(at) ?? [] }));
  }
  return { encoding: examined.encoding, delimiter, names: header.names, entries };
}

/** Like {@link readWholeWay}, but returns the reason if the roster is rejected. */
export async function readOrReject(bytes: Uint8Array, options: ReadOptions): Promise<Reading | Reason> {
  try {
    return await readWholeWay(bytes, options);
  } catch (error) {
    if (error instanceof RejectedFile) return error.reason;
    throw error;
  }
}
