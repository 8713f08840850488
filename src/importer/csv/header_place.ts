/**
 * Finds the header and the delimiter in the first bytes of a roster, after any byte order marks, a line such as `sep=;`
 * and title lines (docs/file-format.md#title-lines).
 */
import type { Warning } from "../../domain/outcome.ts";
import { beginsWith } from "../source/sniff_head.ts";
import { countKnown, type KnownNames, namesColumn } from "../checks/header.ts";
import { cut, shown } from "../checks/rule.ts";

/** The supported delimiters in order of preference. */
export const DELIMITERS = [",", ";", "\t", "|"];

export interface HeaderPlace {
  delimiter: string;
  /** The offset of the header, its physical line, and the number of rows above it. */
  offset: number;
  line: number;
  rowsAbove: number;
  warnings: Warning[];
}

/** Reads the header of a text, using the given delimiter. Returns an empty list if the header cannot be read. */
export type ReadHeaderNames = (text: Uint8Array, delimiter: string) => Promise<{ names: string[]; columns: number }>;

/**
 * A first line that names the delimiter, with or without quotes. The delimiter is one printable ASCII character or TAB.
 */
const SEP_LINE = /^(?:sep=([\t!#-/:-@[-`{-~])|"sep=([\t!#-/:-@[-`{-~])"[,;\t| ]*)(?:\r\n|\n|\r)/i;

const BYTE_ORDER_MARK: readonly number[] = [0xef, 0xbb, 0xbf];

/** The maximum number of lines before the header. */
const MAX_TITLE_LINES = 20;

/** Finds the header. If no line names `unique_id`, the first non-blank line is the header. */
export async function placeOfHeader(
  text: Uint8Array,
  possible: readonly string[],
  known: KnownNames,
  read: ReadHeaderNames,
): Promise<HeaderPlace> {
  let offset = afterMarks(text, 0);
  const separator = SEP_LINE.exec(new TextDecoder().decode(text.subarray(offset, offset + 80)));
  if (separator !== null) offset = afterMarks(text, offset + separator[0].length);
  const line = separator === null ? 1 : 2;
  const delimiters = separator === null ? possible : [separator[1] ?? separator[2]];

  const first = await bestHeader(text.subarray(offset), delimiters, known, read);
  const here = { delimiter: first.delimiter, offset, line, rowsAbove: 0, warnings: [] };
  if (first.names.some((name) => namesColumn(known, name, "unique_id"))) return here;
  return await belowTitles(text, here, delimiters, known, read) ?? here;
}

/** Skips all byte order marks, because several programs may each have added one. */
function afterMarks(text: Uint8Array, from: number): number {
  let at = from;
  while (beginsWith(text.subarray(at, at + 3), BYTE_ORDER_MARK)) at += 3;
  return at;
}

interface Candidate {
  delimiter: string;
  names: string[];
  known: number;
  columns: number;
}

/** The delimiter that gives the most known columns wins; in a tie, the one with the most columns, then the first. */
async function bestHeader(
  text: Uint8Array,
  delimiters: readonly string[],
  known: KnownNames,
  read: ReadHeaderNames,
): Promise<Candidate> {
  let best: Candidate | null = null;
  for (const delimiter of delimiters) {
    const { names, columns } = await read(text, delimiter);
    const one = { delimiter, names, columns, known: countKnown(names, known) };
    if (best === null || one.known > best.known || (one.known === best.known && one.columns > best.columns)) best = one;
  }
  return best!;
}

/** Finds the first later line that names `unique_id` and another known column; null if no line does. */
async function belowTitles(
  text: Uint8Array,
  above: HeaderPlace,
  delimiters: readonly string[],
  known: KnownNames,
  read: ReadHeaderNames,
): Promise<HeaderPlace | null> {
  const titles: string[] = [];
  let rowsAbove = 0;
  for (const { from, content } of linesOf(text, above.offset)) {
    if (titles.length > MAX_TITLE_LINES) return null;
    if (titles.length > 0 && content.trim() !== "") {
      const start = afterMarks(text, from);
      const found = await bestHeader(text.subarray(start), delimiters, known, read);
      const isHeader = found.known > 1 && found.names.some((name) => namesColumn(known, name, "unique_id"));
      if (isHeader) {
        const line = above.line + rowsAbove;
        return { delimiter: found.delimiter, offset: start, line, rowsAbove, warnings: [titleWarning(titles, line)] };
      }
    }
    rowsAbove++;
    if (titles.length > 0 || content.trim() !== "") titles.push(content);
  }
  return null;
}

/** The physical lines after an offset. A final line without a line ending is left out. */
function* linesOf(text: Uint8Array, offset: number): Generator<{ from: number; content: string }> {
  for (let from = offset; from < text.length;) {
    let to = from;
    while (to < text.length && text[to] !== 0x0a && text[to] !== 0x0d) to++;
    if (to === text.length) return;
    yield { from, content: new TextDecoder().decode(text.subarray(from, Math.min(to, from + 1_000))) };
    from = to + (text[to] === 0x0d && text[to + 1] === 0x0a ? 2 : 1);
  }
}

function titleWarning(titles: readonly string[], line: number): Warning {
  const quoted = titles.filter((title) => title.trim() !== "").map((title) => shown(title.trim()));
  const skipped = quoted.length === 1 ? "the line above it was" : "the lines above it were";
  const text = `the header is on line ${line}, and ${skipped} skipped: ${quoted.join(", ")}`;
  return { code: "title_lines", text: cut(text, 2_000) };
}
