/**
 * Opens a roster: decides its delimiter from the header line and reads the header
 * (contract, section 2, "Delimiter"). From then on its records can be read any number of times.
 */
import { isOwnHeader, OWN_HEADERS } from "../../domain/columns.ts";
import { reject } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import type { Batch } from "./batch.ts";
import { LIMITS, type ReaderOptions, readRecords } from "./csv.ts";
import { countKnown, type Header, type KnownNames, knownNames, readHeader } from "../checks/header.ts";
import { malformedReason } from "./malformed.ts";
import { unguarded } from "../checks/spreadsheet.ts";
import type { UnchangedMatcher } from "../digests/unchanged_matcher.ts";

export interface Roster {
  delimiter: string;
  header: Header;
  /**
   * Reads the records behind the header; may be called again, one reader at a time. A batch is valid until the next one is asked
   * for. `matcher`: skips records; a batch may then be empty.
   */
  records(matcher?: UnchangedMatcher): AsyncGenerator<Batch>;
}

/** The delimiters, in the order in which the contract prefers them. */
export const DELIMITERS = [",", ";", "\t"];

/** A failed-records file has the columns of its roster, and rosterd's own beside them. */
const READER_LIMITS = { ...LIMITS, columns: LIMITS.columns + OWN_HEADERS.length };

/** A first line such as spreadsheets write it. The delimiter is one printable ASCII character or TAB. */
const SEP_LINE = /^sep=([\t!#-/:-@[-`{-~])(?:\r\n|\n|\r)/i;

/**
 * Opens a roster from its text as UTF-8 bytes, which `text` reads from the beginning each time it is called. `validate`: the bytes
 * may hold some that are not UTF-8. `knownDelimiter`: the one that an earlier reading of it came to.
 * Throws {@link RejectedFile} when the header cannot be used.
 */
export async function openRoster(
  text: () => AsyncGenerator<Uint8Array>,
  settings: Settings,
  validate: boolean,
  knownDelimiter?: string,
): Promise<Roster> {
  const chunks = text();
  const head = await readHead(chunks);
  const separator = SEP_LINE.exec(new TextDecoder().decode(head.subarray(0, 8)));
  const skipped = separator?.[0].length ?? 0;
  const delimiter = separator?.[1] ?? knownDelimiter ?? await chooseDelimiter(head, settings);
  const line = skipped > 0 ? 2 : 1;
  const options: ReaderOptions = { delimiter: delimiter.charCodeAt(0), line, validate, limits: READER_LIMITS };
  const batches = readRecords(joined(head.subarray(skipped), chunks), options);
  try {
    const first = await batches.next();
    if (first.done) reject("empty", "the file has no header: it is empty", null);
    const header = readHeader(headerNames(first.value), settings, first.value.line[0]);
    const records = (matcher?: UnchangedMatcher) =>
      behindHeader(readRecords(behind(text(), skipped), { ...options, matcher }));
    return { delimiter, header, records };
  } finally {
    await batches.return(undefined);
  }
}

/** The first bytes of the text, enough for the longest header that is accepted. */
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

/** All but the first `skipped` bytes. */
async function* behind(chunks: AsyncGenerator<Uint8Array>, skipped: number): AsyncGenerator<Uint8Array> {
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

/** Of comma, semicolon and tab the one that gives most known columns, then most columns, then in this order. */
async function chooseDelimiter(head: Uint8Array, settings: Settings): Promise<string> {
  const known = knownNames(settings.header_aliases);
  const text = concat([head, Uint8Array.of(0x0a)], head.length + 1);
  let best = { delimiter: DELIMITERS[0], known: -1, columns: -1 };
  for (const delimiter of DELIMITERS) {
    const candidate = { delimiter, ...await scoreHeader(text, delimiter, known) };
    const better = candidate.known > best.known || (candidate.known === best.known && candidate.columns > best.columns);
    if (better) best = candidate;
  }
  return best.delimiter;
}

/** What a delimiter makes of the header. One that cannot be read with it speaks for another delimiter. */
async function scoreHeader(
  text: Uint8Array,
  delimiter: string,
  known: KnownNames,
): Promise<{ known: number; columns: number }> {
  const options = { delimiter: delimiter.charCodeAt(0), line: 1, validate: false, limits: READER_LIMITS };
  for await (const batch of readRecords(only(text), options)) {
    const why = batch.malformed.get(0);
    if (why === undefined) return { known: countKnown(namesIn(batch), known), columns: batch.firstValue[1] };
    return { known: 0, columns: why.kind === "too_many_values" ? why.found : 0 };
  }
  return { known: 0, columns: 0 };
}

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
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
  const tooMany = (found: number) => `it has ${found} columns, at most ${LIMITS.columns} are allowed`;
  if (why !== undefined) {
    return unreadable(why.kind === "too_many_values" ? tooMany(why.found) : malformedReason(why, []));
  }
  const names = namesIn(batch);
  const own = names.filter(isOwnHeader).length;
  return names.length - own > LIMITS.columns ? unreadable(tooMany(names.length)) : names;
}

/** The headers as their author wrote them. */
function namesIn(batch: Batch): string[] {
  return batch.values(0).map(unguarded);
}

async function* behindHeader(batches: AsyncGenerator<Batch>): AsyncGenerator<Batch> {
  let isBehind = false;
  for await (const batch of batches) {
    if (!isBehind && batch.count > 0) {
      batch.dropFirst();
      isBehind = true;
    }
    yield batch;
  }
}
