/**
 * Rosters of which every record has 64 bytes. Clients send blocks of a multiple of that, so the length of the header decides where in
 * a record an upload is cut that a client left behind.
 */
import { Buffer } from "node:buffer";
import type { Dropped } from "../invariants.ts";

/** Bytes of a record, its line end included. */
export const RECORD = 64;

const COLUMNS = "unique_id,login_source,first_name,city,last_name";

/** After a multiple of 64 bytes, a record has just ended. */
export const CUT_AT_A_RECORD_END = 64;
/** After a multiple of 64 bytes, 20 bytes of a record are there. */
export const CUT_WITHIN_A_RECORD = 108;

export interface RosterOptions {
  /** Begins each `unique_id`. */
  prefix: string;
  records: number;
  /** Bytes of the header line. */
  header?: number;
}

/** The last value stands in quotes, so that no record looks whole before its last byte but one. */
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

/** What must come of a whole roster. */
export function whole(name: string, options: RosterOptions): Dropped {
  const { prefix, records } = options;
  return { name, content: roster(options), status: "done", creates: idsOf(prefix, records), failed: 0 };
}

/** What must come of the beginning of such a roster, and the line at which it is cut off; null when nothing can tell. */
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
