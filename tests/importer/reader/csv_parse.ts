/**
 * Compares rosterd's reader with csv-parse in strict mode, which stops at the first record that it refuses. The
 * comparison then restarts csv-parse with the header, at the position where rosterd's reader continues. Whole files are
 * thus compared, including the positions where reading resumes.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { CsvError, type InfoRecord, parse } from "csv-parse/sync";
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import type { OtherReader } from "./comparing.ts";
import type { GeneratedCsv, Peer } from "./generated_csv.ts";
import { inContract, type PeerRecord } from "./peer_reading.ts";

/**
 * csv-parse refuses a no-break space after a closing quote, because it treats the first byte as a space and the second
 * as text.
 */
const PEER: Peer = { beforeQuote: [" ", "\t", "\u00a0"], behindQuote: [" ", "\t"], tellsQuoted: true };

type Value = PeerRecord["values"][number];

/** The records that csv-parse reads from one part of a file, up to the one that it refuses. */
interface Part {
  records: { values: Value[]; end: number }[];
  refusal: CsvError | null;
}

export const CSV_PARSE: OtherReader = {
  name: "csv-parse",
  peer: PEER,
  read: (file) => inContract(recordsOf(file), file.delimiter),
};

/** Reads all records of a file with csv-parse. */
function recordsOf(file: GeneratedCsv): PeerRecord[] {
  const bytes = Buffer.from(file.text), records: PeerRecord[] = [];
  const record = (from: number, end: number, values: Value[], fault: Malformed | null) => {
    const start = behindBlankLines(bytes, from, file.delimiter);
    records.push({ line: lineAt(bytes, start), raw: bytes.toString("utf8", start, end), values, fault });
    return start;
  };
  let header = Buffer.from(file.mark ? "\ufeff" : "");
  for (let at = 0; at < bytes.length;) {
    const { records: read, refusal } = readPart(Buffer.concat([header, bytes.subarray(at)]), file);
    const place = (end: number) => end - header.length + at;
    let from = at;
    // The header prefixed to each later part was already read with the first part.
    for (const { values, end } of at === 0 ? read : read.slice(1)) {
      record(from, place(end), values, null);
      from = place(end);
    }
    if (refusal === null) break;
    const { fault, values } = faultOf(refusal);
    const end = values.length > 0 ? place(refusal.bytes as number) : bytes.length;
    const start = record(from, end, values, fault);
    const next = values.length > 0 ? end : behindLine(bytes, start);
    if (at === 0) header = bytes.subarray(behindBlankLines(bytes, 0, file.delimiter), place(read[0].end));
    at = next;
  }
  return records;
}

function readPart(part: Buffer, { delimiter, blanks }: GeneratedCsv): Part {
  const records: Part["records"] = [];
  let crlfWithin = 0;
  try {
    parse(part, {
      bom: true,
      delimiter,
      record_delimiter: ["\r\n", "\n", "\r"],
      skip_empty_lines: true,
      trim: blanks,
      cast: (text, { quoting }) => ({ text, quoted: quoting }),
      on_record: (values: unknown, { bytes, lines }: InfoRecord & { bytes: number }) => {
        records.push({ values: values as Value[], end: bytes });
        crlfWithin += (values as Value[]).reduce((sum, { text }) => sum + (text.match(/\r\n/g)?.length ?? 0), 0);
        // csv-parse counts a CRLF within quotes as two lines. Outside quotes, csv-parse counts physical lines.
        assert.equal(lines - crlfWithin, lineAt(part, endOfText(part, bytes)), "the line that csv-parse counts");
        return null;
      },
    });
    return { records, refusal: null };
  } catch (error) {
    if (error instanceof CsvError) return { records, refusal: error };
    throw error;
  }
}

/** The refusal, expressed in rosterd's terms. A record with too few or too many values still contains values. */
function faultOf(refusal: CsvError): { fault: Malformed; values: Value[] } {
  const value = refusal.column as number;
  const ofQuotes = (kind: "stray_quote" | "text_after_quote" | "quote_not_closed") => ({
    fault: { kind, value },
    values: [],
  });
  switch (refusal.code) {
    case "CSV_QUOTE_NOT_CLOSED":
      return ofQuotes("quote_not_closed");
    case "CSV_INVALID_CLOSING_QUOTE":
    case "CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE":
      return ofQuotes("text_after_quote");
    // csv-parse reports this error both for a stray quote and for a quote after the blanks that follow a closing quote.
    case "INVALID_OPENING_QUOTE":
      return ofQuotes(refusal.quoting ? "text_after_quote" : "stray_quote");
    case "CSV_RECORD_INCONSISTENT_FIELDS_LENGTH": {
      const values = refusal.record as Value[];
      const [, expected, found] = /expect (\d+), got (\d+)/.exec(refusal.message)!.map(Number);
      return { fault: { kind: found < expected ? "too_few_values" : "too_many_values", expected, found }, values };
    }
    default:
      throw refusal;
  }
}

function behindBlankLines(bytes: Buffer, from: number, delimiter: string): number {
  const blank = delimiter === "\t" ? /^(?:[ \u00a0]*(?:\r\n|\n|\r))*/ : /^(?:[ \t\u00a0]*(?:\r\n|\n|\r))*/;
  return from + Buffer.byteLength(blank.exec(bytes.toString("utf8", from))![0]);
}

function behindLine(bytes: Buffer, from: number): number {
  const line = /^.*?(?:\r\n|\n|\r|$)/s.exec(bytes.toString("utf8", from))!;
  return from + Buffer.byteLength(line[0]);
}

/** The offset of the line ending that ends at `end`. */
function endOfText(bytes: Buffer, end: number): number {
  return end - /(?:\r\n|\n|\r|)$/.exec(bytes.toString("utf8", 0, end))![0].length;
}

/** The physical line of an offset. */
function lineAt(bytes: Buffer, place: number): number {
  return 1 + (bytes.toString("utf8", 0, place).match(/\r\n|\n|\r/g)?.length ?? 0);
}
