/**
 * Opens a roster: finds its delimiter and reads its header. The records of an open roster can be read any number of
 * times.
 */
import { grouped } from "../../runtime/grouped.ts";
import { isOwnHeader, OWN_HEADERS } from "../../domain/columns.ts";
import { reject } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { type Header, knownNames, readHeader } from "../checks/header.ts";
import { unguarded } from "../checks/spreadsheet.ts";
import type { LineMatcher } from "./line_matcher.ts";
import type { Batch } from "./batch.ts";
import { LIMITS, type ReaderOptions, readRecords } from "./csv.ts";
import { possibleWidths } from "./damaged_header.ts";
import { DELIMITERS, placeOfHeader } from "./header_place.ts";
import { malformedReason } from "./malformed.ts";
import { ReadingNotes } from "./reading_notes.ts";
import { createDropHeaders, type DropHeaders } from "./repeated_header.ts";

export interface Roster {
  delimiter: string;
  header: Header;
  /**
   * Reads the records after the header. Only one reader may be active at a time. A batch is valid until the next one is
   * requested. A batch may be empty if a `matcher` skips records. `notes` counts skipped lines and short records.
   */
  records(matcher?: LineMatcher, notes?: ReadingNotes): AsyncGenerator<Batch>;
}

/** A failed-records file has all columns of its roster and the columns that rosterd adds. */
const READER_LIMITS = { ...LIMITS, columns: LIMITS.columns + OWN_HEADERS.length };

/**
 * Opens a roster. Each call to `text` reads its UTF-8 text from the beginning. `validate`: whether some bytes may be
 * invalid UTF-8. `knownDelimiter`: the delimiter, if an earlier reading has found it. Throws {@link RejectedFile} if
 * the header cannot be used.
 */
export async function openRoster(
  text: () => AsyncGenerator<Uint8Array>,
  settings: Settings,
  validate: boolean,
  knownDelimiter?: string,
): Promise<Roster> {
  const chunks = text();
  const head = await readHead(chunks);
  const known = knownNames(settings.header_aliases);
  const delimiters = knownDelimiter === undefined ? DELIMITERS : [knownDelimiter];
  const { delimiter, offset, line, rowsAbove, warnings } = await placeOfHeader(head, delimiters, known, scoreHeader);
  const options: ReaderOptions = {
    delimiter: delimiter.charCodeAt(0),
    line,
    rowsAbove,
    validate,
    limits: READER_LIMITS,
  };
  const batches = readRecords(joined(head.subarray(offset), chunks), options);
  try {
    const first = await batches.next();
    if (first.done) reject("empty", "the file has no header: export the roster and upload it again");
    const headerLine = first.value.line[0];
    const header = readHeader(headerNames(first.value), settings, headerLine);
    const isPossibleWidth = possibleWidths(header, known);
    return {
      delimiter,
      header: { ...header, warnings: [...warnings, ...header.warnings] },
      records: (matcher, notes = new ReadingNotes()) => {
        const dropHeaders = createDropHeaders(header, headerLine, known, notes);
        const all = readRecords(after(text(), offset), { ...options, isPossibleWidth, matcher, notes });
        return afterHeader(all, dropHeaders);
      },
    };
  } finally {
    await batches.return(undefined);
  }
}

/** Reads enough bytes for the longest allowed header. */
async function readHead(chunks: AsyncGenerator<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length <= LIMITS.recordBytes) {
    const { value, done } = await chunks.next();
    if (done) break;
    parts.push(value.slice());
    length += value.length;
  }
  return concat(parts, length);
}

/** All bytes except the first `skipped` bytes. */
async function* after(chunks: AsyncGenerator<Uint8Array>, skipped: number): AsyncGenerator<Uint8Array> {
  let left = skipped;
  for await (const chunk of chunks) {
    yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

function concat(parts: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Reads the header with one delimiter. If that fails, the file must use another delimiter. */
async function scoreHeader(head: Uint8Array, delimiter: string): Promise<{ names: string[]; columns: number }> {
  const options = { delimiter: delimiter.charCodeAt(0), line: 1, validate: false, limits: READER_LIMITS };
  const text = concat([head, Uint8Array.of(0x0a)], head.length + 1);
  for await (const batch of readRecords([text], options)) {
    const why = batch.malformed.get(0);
    if (why === undefined) return { names: namesIn(batch), columns: batch.firstValue[1] };
    return { names: [], columns: why.kind === "too_many_values" ? why.found : 0 };
  }
  return { names: [], columns: 0 };
}

async function* joined(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    if (first.length > 0) yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

function headerNames(batch: Batch): string[] {
  const why = batch.malformed.get(0);
  const unreadable = (reason: string) => reject("header", `the header cannot be read: ${reason}`, batch.line[0]);
  const tooMany = (found: number) =>
    `it has ${grouped(found)} columns, but at most ${grouped(LIMITS.columns)} are allowed`;
  if (why !== undefined) {
    return unreadable(why.kind === "too_many_values" ? tooMany(why.found) : malformedReason(why, []));
  }
  const names = namesIn(batch);
  const own = names.filter(isOwnHeader).length;
  return names.length - own > LIMITS.columns ? unreadable(tooMany(names.length)) : names;
}

function namesIn(batch: Batch): string[] {
  return batch.values(0).map(unguarded);
}

async function* afterHeader(batches: AsyncGenerator<Batch>, dropHeaders: DropHeaders): AsyncGenerator<Batch> {
  let isHeaderDropped = false;
  for await (const batch of batches) {
    if (!isHeaderDropped && batch.count > 0) {
      batch.drop(0);
      isHeaderDropped = true;
    }
    dropHeaders(batch);
    yield batch;
  }
}
