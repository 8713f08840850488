/**
 * Another reader's result for a file, converted according to rosterd's rules. {@link inContract} contains all
 * differences between the two sets of rules.
 */
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import type { Read } from "./our_reading.ts";
import { judgeRows, type Row, type Verdict } from "./row_rules.ts";

/** One record, in the form in which a peer reads it. */
export interface PeerRecord {
  line: number;
  /** The text of the record in the file, including its line ending. */
  raw: string;
  /** `quoted` is null if the peer does not report it. Empty if nothing is known about the values. */
  values: readonly { text: string; quoted: boolean | null }[];
  /** Why the peer refused the record. */
  fault: Malformed | null;
}

const CONTROL = /(?![\t\r\n])\p{Cc}/u;
const LINE_END = /(?:\r\n|\n|\r)$/;

/**
 * The records according to rosterd's rules, or the line at which the file looks cut off. The first record is the
 * header.
 */
export function inContract(records: readonly PeerRecord[], delimiter: string): Read[] | number {
  const rows: Row[] = [], places: number[] = [];
  let next = 1;
  for (const { line, values, raw, fault } of records) {
    // Peers do not report blank lines, but such lines count as rows.
    for (; next < line; next++) rows.push(BLANK);
    places.push(rows.length);
    const ofQuotes = isOfQuotes(fault), text = raw.replace(LINE_END, "");
    const wrong = ofQuotes ? fault : controlCharacter(values);
    rows.push({ values: ofQuotes ? null : values.map(({ text }) => text), raw: text, fault: wrong?.kind ?? null });
    next = line + (ofQuotes ? 1 : lineEndsIn(text) + 1);
  }
  const verdicts = judgeRows(rows, delimiter), found: Read[] = [];
  for (const [at, record] of records.entries()) {
    const verdict = verdicts[places[at]], { line, values, fault } = record;
    if (verdict.skipped) continue;
    if (at === records.length - 1 && looksCutOff(record, verdict.expected)) return line;
    if (verdict.fault === null) found.push({ line, values: [...verdict.values] });
    else found.push({ line, why: whyOf(verdict, values, fault) });
  }
  return found;
}

const BLANK: Row = { values: [], raw: "", fault: null };

function lineEndsIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0;
}

function whyOf(
  verdict: Verdict & { skipped: false },
  values: PeerRecord["values"],
  fault: Malformed | null,
): Malformed {
  const { fault: kind, expected, usual } = verdict;
  if (isOfQuotes(fault)) return fault!;
  if (kind === "control_character") return controlCharacter(values)!;
  const widths = { expected: kind!.endsWith("_others") ? usual : expected, found: values.length };
  return { kind: kind as "too_few_values" | "too_many_values" | "fewer_than_others" | "more_than_others", ...widths };
}

/**
 * Only rosterd's rules detect a cut-off upload: the last physical line has no line ending and is not a whole record.
 */
function looksCutOff({ raw, values, fault }: PeerRecord, width: number): boolean {
  if (LINE_END.test(raw)) return false;
  if (fault?.kind === "quote_not_closed") return !/[\r\n]/.test(raw);
  // deno-lint-ignore no-control-regex
  return !isOfQuotes(fault) && values.length < width && !/^[\x00-\x20\x7f]*$/.test(raw);
}

function isOfQuotes(fault: Malformed | null): boolean {
  return fault !== null && ["stray_quote", "text_after_quote", "quote_not_closed"].includes(fault.kind);
}

/** Looks for control characters, because peers accept them. */
function controlCharacter(values: PeerRecord["values"]): Malformed | null {
  const value = values.findIndex(({ text, quoted }) => CONTROL.test(text) || (quoted === false && text.includes("\t")));
  return value < 0 ? null : { kind: "control_character", value };
}
