/**
 * Writes the failed-records file (docs/mail.md#failed-records-file) by reading the roster again alongside its failures.
 */
import { foldHeader, isOwnHeader, OWN_HEADERS, OWN_RECORD } from "../../domain/columns.ts";
import type { PastFailure } from "../../domain/outcome.ts";
import { yieldToEventLoop } from "../../runtime/yield_to_event_loop.ts";
import type { Batch } from "../csv/batch.ts";
import { BYTE_ORDER_MARK, csvRow } from "../csv/csv_row.ts";
import { utf8Chunks } from "../source/decode.ts";
import type { Encoding } from "../source/sniff.ts";
import type { ImportEntry } from "../ports.ts";
import type { RosterFile } from "../inbox_port.ts";
import { OtherLines } from "../csv/other_lines.ts";
import { openRoster, type Roster } from "../csv/roster.ts";
import { openSource } from "../source/source.ts";
import { guard, unguarded } from "../checks/spreadsheet.ts";

const SEND_AT_CHARACTERS = 1 << 16;
const encoder = new TextEncoder();

/** Column names that contain any supported delimiter are quoted, so that the delimiter of the file is unambiguous. */
const QUOTED_HEADER = /[",;\t\r\n]|^\s|\s$/;

/**
 * The maximum length of a malformed record's text, so that the text fits into a spreadsheet cell and into a roster
 * value.
 */
const MAX_SHOWN_CHARACTERS = 20_000;

export interface FailedFileSource {
  file: RosterFile;
  failures: AsyncGenerator<PastFailure[]>;
  /**
   * The import in which the failures occurred. The roster is read again with the encoding, delimiter and settings of
   * that import.
   */
  entry: Pick<ImportEntry, "encoding" | "delimiter" | "settings">;
  signal: AbortSignal;
}

/**
 * The bytes passed to `sink` are valid until its promise resolves. Throws if the roster has no record on the line of a
 * failure.
 */
export async function writeFailedFile(
  { file, failures, entry, signal }: FailedFileSource,
  sink: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const wanted = new Upcoming(failures);
  try {
    const roster = await openAgain(file, entry);
    const sheet = new Sheet(roster.delimiter, sink);
    await writeRows(roster, wanted, sheet, signal);
    await sheet.send();
  } finally {
    // The cursor is always closed, because an open cursor would keep its connection busy.
    await failures.return(undefined);
  }
}

/** The file is not sniffed again, because the import has already found the encoding. */
async function openAgain(
  file: RosterFile,
  { encoding, delimiter, settings }: FailedFileSource["entry"],
): Promise<Roster> {
  if (encoding === null || delimiter === null) throw new Error("the import of this roster did not read any records");
  const source = await openSource(file);
  return await openRoster(() => utf8Chunks(source, encoding as Encoding), settings, true, delimiter);
}

async function writeRows(
  { header: { names }, delimiter, records }: Roster,
  wanted: Upcoming,
  sheet: Sheet,
  signal: AbortSignal,
): Promise<void> {
  const kept = names.flatMap((name, at) => isOwnHeader(name) ? [] : [at]);
  const rawText = names.findIndex((name) => foldHeader(name) === foldHeader(OWN_RECORD));
  sheet.add([...kept.map((at) => guard(names[at])), ...OWN_HEADERS], QUOTED_HEADER);
  const others = new OtherLines(delimiter.charCodeAt(0), names.length);
  others.want(await wanted.lines());
  for await (const batch of records(others)) {
    signal.throwIfAborted();
    for (let record = 0; record < batch.count && wanted.next !== undefined; record++) {
      if (batch.line[record] < wanted.next.line) continue;
      if (batch.line[record] > wanted.next.line) break;
      sheet.add(failedRow(batch, record, kept, rawText, wanted.next));
      wanted.step();
      if (sheet.isFull) await sheet.send();
    }
    if (batch.count > 0) others.want(await wanted.lines());
    if (wanted.next === undefined) return;
    await yieldToEventLoop();
  }
  if (wanted.next !== undefined) {
    throw new Error(`the roster no longer has the failed record on line ${wanted.next.line}`);
  }
}

/**
 * The number of failures to read ahead. This number exceeds the number of records in a batch, so that all other records
 * of a batch can be skipped.
 */
const UPCOMING = 512;

/** The failures that have not been written yet. */
class Upcoming {
  readonly #known: PastFailure[] = [];
  #at = 0;

  constructor(private readonly pages: AsyncGenerator<PastFailure[]>) {}

  get next(): PastFailure | undefined {
    return this.#known[this.#at];
  }

  step(): void {
    this.#at++;
  }

  /** The lines of the next failures; empty if no failures are left. */
  async lines(): Promise<number[]> {
    this.#known.splice(0, this.#at);
    this.#at = 0;
    while (this.#known.length < UPCOMING) {
      const { done, value } = await this.pages.next();
      if (done) break;
      this.#known.push(...value);
    }
    return this.#known.map(({ line }) => line);
  }
}

class Sheet {
  #text: string;
  readonly #bytes = new Uint8Array(2 * SEND_AT_CHARACTERS);

  constructor(readonly delimiter: string, readonly sink: (bytes: Uint8Array) => Promise<void>) {
    this.#text = BYTE_ORDER_MARK + sepLine(delimiter);
  }

  get isFull(): boolean {
    return this.#text.length >= SEND_AT_CHARACTERS;
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

/**
 * The values of a malformed record may be in the wrong columns, so only its text is written. `rawText` is the column of
 * that text if the file is a failed-records file, otherwise -1.
 */
function failedRow(
  batch: Batch,
  record: number,
  kept: readonly number[],
  rawText: number,
  { line, since, problems }: PastFailure,
): string[] {
  const malformed = batch.malformed.has(record);
  const values = malformed ? [] : batch.values(record);
  return [
    ...kept.map((at) => malformed ? "" : guard(values[at])),
    String(line),
    problems.map(({ column }) => column ?? "").join("; "),
    problems.map(({ code }) => code).join("; "),
    since.replace(/\.\d+/, ""),
    malformed ? guard(shownRecord(batch.recordText(record))) : guard(unguarded(values[rawText] ?? "")),
    guard(problems.map(({ reason }) => reason).join("; ")),
  ];
}

/** Removes control characters from a text. Otherwise the row would be malformed again. */
function shownRecord(text: string): string {
  const shown = text.length > MAX_SHOWN_CHARACTERS ? text.slice(0, MAX_SHOWN_CHARACTERS) + "…" : text;
  // deno-lint-ignore no-control-regex
  return shown.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, controlPicture);
}

function controlPicture(control: string): string {
  const code = control.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? "\u2421" : "\ufffd";
}

/** Spreadsheets accept unusual delimiters only if the file begins with a `sep=` line. */
function sepLine(delimiter: string): string {
  return [",", ";", "\t"].includes(delimiter) ? "" : `sep=${delimiter}\r\n`;
}
