/**
 * What another reader made of a file, and what the contract makes of that: the differences between its rules and the
 * contract's are all in {@link inContract}.
 */
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import type { Read } from "./our_reading.ts";

/** One record as a peer reads it. */
export interface PeerRecord {
  line: number;
  /** As it stands in the file, with its line end. */
  raw: string;
  /** `quoted` is null where the peer does not tell. Empty when the record says nothing of its values. */
  values: readonly { text: string; quoted: boolean | null }[];
  /** Why the peer refused it. */
  fault: Malformed | null;
}

const CONTROL = /(?![\t\r\n])\p{Cc}/u;
const LINE_END = /(?:\r\n|\n|\r)$/;

/** The records by the contract, or the line at which the file looks cut off. The first record is the header. */
export function inContract(records: readonly PeerRecord[], delimiter: string): Read[] | number {
  const kept = records.filter(({ raw }) => !isBlank(raw, delimiter));
  const width = kept[0]?.values.length ?? 0, last = kept.at(-1);
  if (last === records.at(-1) && last !== undefined && looksCutOff(last, width)) return last.line;
  return kept.map(({ line, values, fault }) => {
    const why = isOfQuotes(fault) ? fault : controlCharacter(values) ?? fault ?? wrongCount(values.length, width);
    return why === null ? { line, values: values.map(({ text }) => text) } : { line, why };
  });
}

/** Peers give lines of delimiters as records; the contract skips them as blank. */
function isBlank(raw: string, delimiter: string): boolean {
  return /^[ \t\u00a0\r\n]*$/.test(raw.replaceAll(delimiter, ""));
}

/** Only the contract says that an upload was cut off: the last physical line has no end and is not a whole record. */
function looksCutOff({ raw, values, fault }: PeerRecord, width: number): boolean {
  if (LINE_END.test(raw)) return false;
  if (fault?.kind === "quote_not_closed") return !/[\r\n]/.test(raw);
  return !isOfQuotes(fault) && values.length < width;
}

function isOfQuotes(fault: Malformed | null): boolean {
  return fault !== null && ["stray_quote", "text_behind_quote", "quote_not_closed"].includes(fault.kind);
}

/** Peers take control characters as they take any other. */
function controlCharacter(values: PeerRecord["values"]): Malformed | null {
  const value = values.findIndex(({ text, quoted }) => CONTROL.test(text) || (quoted === false && text.includes("\t")));
  return value < 0 ? null : { kind: "control_character", value };
}

function wrongCount(found: number, expected: number): Malformed | null {
  if (found === expected) return null;
  return { kind: found < expected ? "too_few_values" : "too_many_values", expected, found };
}
