/**
 * Checks exactly which records the damage may affect (docs/file-format.md#quoting). How a record is read depends only
 * on the bytes from its beginning. Records before the first damaged byte are therefore unaffected. After the damage,
 * reading is unaffected from the first record that begins at its original position. In a tame roster, all records after
 * the damage are read as they were before it. If the damage leaves a quote open, it is closed by the opening quote of
 * the next quoted value at the latest. Text follows that quote, so the record cannot be read, and reading continues on
 * the physical line after the record's first line. Only a second damaged place can close a quote that the first one
 * opened. The records between them, none of which has a quoted value, are then read as a single record.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { DamagedRoster, Edit, Roster } from "./damaged_roster.ts";
import type { Entry, Reading } from "./whole_way.ts";

export interface Kept {
  /** Untouched records that were read as before. */
  records: number;
  /** Undamaged records that were merged into one because of damage in two places. */
  swallowed: number;
  /** In wild rosters: undamaged records before the first one that begins at its original position. */
  outOfStep: number;
}

/** An undamaged record as read before the damage, with its new line number. */
interface Untouched {
  entry: Entry;
  /** The number of damaged places that precede the record. */
  behind: number;
}

/** Compares the readings of a roster before and after the damage, in the encoding of the damaged roster. */
export function assertKept(damage: DamagedRoster, before: Reading, after: Reading): Kept {
  const { roster, edits } = damage;
  const untouched = untouchedRecords(damage, before.entries);
  const zone = (wanted: (behind: number) => boolean) =>
    untouched.filter(({ behind }) => wanted(behind)).map(({ entry }) => entry);
  const ahead = zone((behind) => behind === 0);
  const behind = zone((behind) => behind === edits.length);
  const between = zone((behind) => behind > 0 && behind < edits.length);

  assertIncreasing(after.entries);
  assertReadable(after, damage.damaged);
  assert.deepEqual(after.entries.slice(0, ahead.length), ahead, "the records before the damage");
  const inStep = roster.tame ? behind : behindFirstOf(after.entries, behind);
  const from = inStep.length === 0 ? after.entries.length : after.entries.length - inStep.length;
  assert.deepEqual(after.entries.slice(from), inStep, "the records behind the damage");

  const damaged = after.entries.slice(ahead.length, from);
  const found = between.filter((entry) => damaged.some(({ line }) => line === entry.line));
  const lost = between.filter((entry) => !found.includes(entry));
  if (roster.tame) {
    assert.deepEqual(
      damaged.filter(({ line }) => found.some((entry) => entry.line === line)),
      found,
      "between damages",
    );
    for (const entry of lost) assertSwallowed(entry, damaged);
    if (edits.length === 1) assertCost(damage, damaged);
  }
  const kept = ahead.length + inStep.length + (roster.tame ? found.length : 0);
  return {
    records: kept,
    swallowed: roster.tame ? lost.length : 0,
    outOfStep: behind.length - inStep.length,
  };
}

function untouchedRecords({ roster, edits, damaged }: DamagedRoster, entries: readonly Entry[]): Untouched[] {
  assert.equal(entries.length, roster.records.length, "records of the roster before the damage");
  return roster.records.flatMap(({ start, end }, at) => {
    if (!edits.every((edit) => edit.to < start || endsBefore(end, edit, roster))) return [];
    const earlier = edits.filter(({ to }) => to < start);
    const shift = earlier.reduce((sum, { at, to, insert }) => sum + insert.length - (to - at), 0);
    return [{ entry: { ...entries[at], line: lineAt(damaged, start + shift) }, behind: earlier.length }];
  });
}

function endsBefore(end: number, edit: Edit, { bytes }: Roster): boolean {
  const hasLineEnd = bytes[end - 1] === 0x0a || bytes[end - 1] === 0x0d;
  return end <= edit.at && hasLineEnd;
}

/** The records after the damage, starting with the first one that was read at its original position. */
function behindFirstOf(entries: readonly Entry[], behind: readonly Entry[]): Entry[] {
  const first = behind.findIndex(({ line }) => entries.some((entry) => entry.line === line));
  return first < 0 ? [] : behind.slice(first);
}

function assertIncreasing(entries: readonly Entry[]): void {
  entries.forEach(({ line }, at) => assert.ok(at === 0 || line > entries[at - 1].line, `line ${line}, not in order`));
}

/** Asserts that no accepted record contains invalid bytes or control characters. */
function assertReadable({ encoding, entries }: Reading, damaged: Uint8Array): void {
  const isUtf8 = encoding === "utf-8" && !Buffer.from(damaged).includes("\ufffd");
  for (const entry of entries) {
    if ("why" in entry) continue;
    const values = entry.values.join("");
    assert.ok(!/(?![\t\r\n])\p{Cc}/u.test(values), `control characters on line ${entry.line}`);
    assert.ok(!isUtf8 || !values.includes("\ufffd"), `bytes that are not UTF-8 on line ${entry.line}`);
  }
}

/** Asserts that the entry is part of a record with balanced quotes and has no quoted value itself. */
function assertSwallowed({ line, raw }: Entry, damaged: readonly Entry[]): void {
  const by = damaged.findLast((entry) => entry.line < line);
  assert.ok(by !== undefined && by.raw.includes(raw), `the record on line ${line} is lost`);
  assert.ok(!raw.replaceAll('""', "").includes('"'), `a quote was left open over the quoted value on line ${line}`);
}

/** Within a single-line record, damage without quotes, delimiters and line endings costs at most that record. */
function assertCost({ roster, edits: [{ at, to, insert }] }: DamagedRoster, damaged: readonly Entry[]): void {
  const done = Buffer.concat([roster.bytes.subarray(at, to), insert]).toString("latin1");
  const record = roster.records.find(({ start, end }) => start <= at && at < end);
  if (record === undefined || /[",;\t\r\n]/.test(done)) return;
  const [line, ...more] = Buffer.from(roster.bytes.subarray(record.start, record.end)).toString("latin1").split(
    /[\r\n]+/,
  );
  if (more.join("") !== "" || at > record.start + line.length) return;
  assert.equal(damaged.length, 1, "entries for the damaged record");
}

/** The physical line of an offset. */
function lineAt(bytes: Uint8Array, place: number): number {
  return 1 + (Buffer.from(bytes.subarray(0, place)).toString("latin1").match(/\r\n|\n|\r/g)?.length ?? 0);
}
