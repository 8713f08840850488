/**
 * The failed-records file (contract, section 4): the records that were not applied, with their original values and the reasons,
 * in a form that can be corrected in a spreadsheet and dropped into the upload folder again.
 *
 * Reads the roster a second time beside the stored failures, both in the order of lines, so that a million failures need no
 * memory.
 */
import { foldHeader, isOwnHeader, OWN_HEADERS, OWN_RECORD } from "../../domain/columns.ts";
import type { Failure } from "../../domain/outcome.ts";
import { yieldToEventLoop } from "../../runtime/yield_to_event_loop.ts";
import type { Batch } from "../csv/batch.ts";
import { BYTE_ORDER_MARK, csvRow } from "../csv/csv_row.ts";
import { utf8Chunks } from "../source/decode.ts";
import type { Encoding } from "../source/sniff.ts";
import type { ImportEntry, RosterFile } from "../ports.ts";
import { openRoster, type Roster } from "../csv/roster.ts";
import { openSource } from "../source/source.ts";
import { guard, unguarded } from "../checks/spreadsheet.ts";

const SEND_AT = 1 << 16;
const encoder = new TextEncoder();

/** In a header all delimiters stand in quotes, so that there is no doubt which one it is. */
const QUOTED_HEADER = /[",;\t\r\n]|^\s|\s$/;

/** Of a malformed record no more than so much is shown: a spreadsheet's cell, and a value dropped back, hold it. */
const MAX_SHOWN_CHARACTERS = 20_000;

export interface FailedFileSource {
  file: RosterFile;
  /** In the order of their lines. */
  failures: AsyncGenerator<Failure[]>;
  /** The import they failed in: its roster is read again as it was read then. */
  entry: Pick<ImportEntry, "encoding" | "delimiter" | "settings">;
  signal: AbortSignal;
}

/**
 * Writes the failed-records file to `sink`, whose bytes are valid until it resolves. Throws when the roster has no record on the
 * line of a failure.
 */
export async function writeFailedFile(
  { file, failures, entry, signal }: FailedFileSource,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const wanted = singly(failures);
  try {
    const roster = await openAgain(file, entry);
    const sheet = new Sheet(roster.delimiter, sink);
    await writeRows(roster, wanted, sheet, signal);
    await sheet.send();
  } finally {
    // A page that nobody asks for any more would keep its connection busy.
    await wanted.return();
  }
}

/** No pass over the whole file comes before: its import has found the encoding, and each record tells whether it is valid. */
async function openAgain(
  file: RosterFile,
  { encoding, delimiter, settings }: FailedFileSource["entry"],
): Promise<Roster> {
  if (encoding === null || delimiter === null) throw new Error("the import of this roster read no record");
  const source = await openSource(file);
  return await openRoster(() => utf8Chunks(source, encoding as Encoding), settings, true, delimiter);
}

async function writeRows(
  { header: { names }, records }: Roster,
  wanted: AsyncGenerator<Failure, void>,
  sheet: Sheet,
  signal: AbortSignal,
): Promise<void> {
  const kept = names.flatMap((name, at) => isOwnHeader(name) ? [] : [at]);
  const rawText = names.findIndex((name) => foldHeader(name) === foldHeader(OWN_RECORD));
  sheet.add([...kept.map((at) => guard(names[at])), ...OWN_HEADERS], QUOTED_HEADER);
  let failure = await wanted.next();
  for await (const batch of records()) {
    signal.throwIfAborted();
    for (let record = 0; record < batch.count && !failure.done; record++) {
      if (batch.line[record] < failure.value.line) continue;
      if (batch.line[record] > failure.value.line) break;
      sheet.add(failedRow(batch, record, kept, rawText, failure.value));
      if (sheet.isFull) await sheet.send();
      failure = await wanted.next();
    }
    if (failure.done) return;
    await yieldToEventLoop();
  }
  if (!failure.done) throw new Error(`the roster has no record on line ${failure.value.line}, which failed before`);
}

/** Rows on their way into the file, in one place of memory for all of them. */
class Sheet {
  #text: string;
  readonly #bytes = new Uint8Array(2 * SEND_AT);

  constructor(readonly delimiter: string, readonly sink: (bytes: Uint8Array) => Promise<void>) {
    this.#text = BYTE_ORDER_MARK + sepLine(delimiter);
  }

  get isFull(): boolean {
    return this.#text.length >= SEND_AT;
  }

  add(values: readonly string[], inQuotes?: RegExp): void {
    this.#text += csvRow(values, this.delimiter, inQuotes);
  }

  async send(): Promise<void> {
    while (this.#text !== "") {
      const { read, written } = encoder.encodeInto(this.#text, this.#bytes);
      await this.sink(this.#bytes.subarray(0, written));
      this.#text = this.#text.slice(read);
    }
  }
}

async function* singly(pages: AsyncGenerator<Failure[]>): AsyncGenerator<Failure, void> {
  for await (const page of pages) yield* page;
}

/**
 * A malformed record has no values that could be trusted to stand in their columns: only its text is given. `rawText`: the column
 * in which it stood when the row was dropped back before, or -1.
 */
function failedRow(
  batch: Batch,
  record: number,
  kept: readonly number[],
  rawText: number,
  { line, problems }: Failure,
): string[] {
  const malformed = batch.malformed.has(record);
  const values = malformed ? [] : batch.values(record);
  return [
    ...kept.map((at) => malformed ? "" : guard(values[at])),
    String(line),
    problems.map(({ column }) => column ?? "").join("; "),
    problems.map(({ code }) => code).join("; "),
    malformed ? guard(shownRecord(batch.recordText(record))) : guard(unguarded(values[rawText] ?? "")),
    guard(problems.map(({ reason }) => reason).join("; ")),
  ];
}

/** As its text stands in the file; but what made it malformed must not make the row malformed that comes back. */
function shownRecord(text: string): string {
  const shown = text.length > MAX_SHOWN_CHARACTERS ? text.slice(0, MAX_SHOWN_CHARACTERS) + "…" : text;
  // deno-lint-ignore no-control-regex
  return shown.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, controlPicture);
}

/** The picture that Unicode has of a control character. */
function controlPicture(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
}

/** Only such a first line makes other characters a delimiter, for a spreadsheet or for rosterd. */
function sepLine(delimiter: string): string {
  return [",", ";", "\t"].includes(delimiter) ? "" : `sep=${delimiter}\r\n`;
}
