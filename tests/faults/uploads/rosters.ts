/**
 * Rosters with 64-byte records. Clients send blocks whose size is a multiple of 64 bytes, so the length of the header
 * determines where a partial upload cuts off a record.
 */
import { Buffer } from "node:buffer";
import type { Dropped } from "../invariants.ts";

/** The length of a record, including its line ending. */
export const RECORD = 64;

const COLUMNS = "unique_id,login_source,first_name,city,last_name";

/** With this header, a record ends at a multiple of 64 bytes. */
export const CUT_AT_A_RECORD_END = 64;
/** With this header, every 64-byte boundary falls 20 bytes into a record. */
export const CUT_WITHIN_A_RECORD = 108;

export interface RosterOptions {
  /** The prefix of every `unique_id`. */
  prefix: string;
  records: number;
  /** The size of the header line in bytes. */
  header?: number;
}

/** The last value is quoted so that no partial record looks complete. */
export function roster({ prefix, records, header = CUT_WITHIN_A_RECORD }: RosterOptions): string {
  const lines = [COLUMNS.padEnd(header - 1)];
  for (let number = 0; number < records; number++) {
    const start = `${idOf(prefix, number)},ldap,Ada,Hull,"`;
    lines.push(start + "x".repeat(RECORD - start.length - 2) + '"');
  }
  return lines.join("\n") + "\n";
}

function idsOf(prefix: string, records: number): string[] {
  return Array.from({ length: records }, (_, number) => idOf(prefix, number));
}

function idOf(prefix: string, number: number): string {
  return prefix + String(number).padStart(6, "0");
}

/** The outcome for a whole roster. */
export function whole(name: string, options: RosterOptions): Dropped {
  const { prefix, records } = options;
  return { name, content: roster(options), status: "done", creates: idsOf(prefix, records), failed: 0 };
}

/** The outcome for a partial roster, and the line where it was cut off; null if the cut cannot be detected. */
export function leftBehind(name: string, bytes: Uint8Array): { dropped: Dropped; cutOffAt: number | null } {
  const content = Buffer.from(bytes).toString("latin1");
  const lines = content.split("\n");
  const last = lines.pop()!;
  const cutOffAt = last === "" || /"x*"$/.test(last) ? null : lines.length + 1;
  const records = [...lines.slice(1), ...(last === "" ? [] : [last])];
  const creates = cutOffAt === null ? records.map((line) => line.slice(0, line.indexOf(","))) : [];
  return {
    dropped: { name, content, status: cutOffAt === null ? "done" : "rejected", creates, failed: 0 },
    cutOffAt,
  };
}
