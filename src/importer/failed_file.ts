/**
 * The failed-records file (contract, section 4): the records that were not applied, with their original values and the reasons,
 * in a form that can be corrected in a spreadsheet and dropped into the upload folder again.
 *
 * Reads the roster a second time beside the stored failures, both in the order of lines, so that a million failures need no
 * memory.
 */
import { isOwnHeader } from "../domain/columns.ts";
import type { Failure } from "../domain/outcome.ts";
import type { Settings } from "../domain/settings.ts";
import { breathe } from "../runtime/breathe.ts";
import type { Batch } from "./batch.ts";
import { utf8Chunks } from "./decode.ts";
import { examine } from "./examine.ts";
import type { RosterFile } from "./ports.ts";
import { openRoster } from "./roster.ts";
import { guard } from "./spreadsheet.ts";

/** The columns that rosterd adds. Dropped back, they are ignored. */
const OWN_HEADERS = ["rosterd_line", "rosterd_column", "rosterd_code", "rosterd_reason", "rosterd_record"];

const BYTE_ORDER_MARK = "\ufeff";
const SEND_AT = 1 << 16;

export interface FailedFileSource {
  file: RosterFile;
  /** In the order of their lines. */
  failures: AsyncGenerator<Failure[]>;
  /** Those of the import: the same header must be found in the same way. */
  settings: Settings;
  signal: AbortSignal;
}

/** Writes the failed-records file to `sink`. Throws when the roster has no record on the line of a failure. */
export async function writeFailedFile(
  { file, failures, settings, signal }: FailedFileSource,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const examined = await examine(file, { fallbackEncoding: settings.fallback_encoding, signal });
  const roster = await openRoster(utf8Chunks(file, examined), settings, examined.invalidBytes);
  const kept = roster.header.names.flatMap((name, at) => isOwnHeader(name) ? [] : [at]);
  const row = (values: readonly string[]) =>
    values.map((value) => quoted(value, roster.delimiter)).join(roster.delimiter) + "\r\n";
  const encoder = new TextEncoder();

  let text = BYTE_ORDER_MARK + row([...kept.map((at) => roster.header.names[at]), ...OWN_HEADERS]);
  const wanted = singly(failures);
  let failure = await wanted.next();
  for await (const batch of roster.records) {
    signal.throwIfAborted();
    for (let record = 0; record < batch.count && !failure.done; record++) {
      if (batch.line[record] < failure.value.line) continue;
      if (batch.line[record] > failure.value.line) break;
      text += row(failedRow(batch, record, kept, failure.value));
      failure = await wanted.next();
      if (text.length < SEND_AT) continue;
      await sink(encoder.encode(text));
      text = "";
    }
    if (failure.done) break;
    await breathe();
  }
  if (!failure.done) throw new Error(`the roster has no record on line ${failure.value.line}, which failed before`);
  await sink(encoder.encode(text));
}

async function* singly(pages: AsyncGenerator<Failure[]>): AsyncGenerator<Failure, void> {
  for await (const page of pages) yield* page;
}

/** A malformed record has no values that could be trusted to stand in their columns: only its text is given. */
function failedRow(batch: Batch, record: number, kept: readonly number[], { line, problems }: Failure): string[] {
  const malformed = batch.malformed.has(record);
  const values = malformed ? [] : batch.values(record);
  return [
    ...kept.map((at) => malformed ? "" : guard(values[at])),
    String(line),
    problems.map(({ column }) => column ?? "").join("; "),
    problems.map(({ code }) => code).join("; "),
    guard(problems.map(({ reason }) => reason).join("; ")),
    malformed ? guard(batch.recordText(record)) : "",
  ];
}

function quoted(value: string, delimiter: string): string {
  const needsQuotes = value.includes('"') || value.includes(delimiter) || /[\r\n]|^\s|\s$/.test(value);
  return needsQuotes ? `"${value.replaceAll('"', '""')}"` : value;
}
