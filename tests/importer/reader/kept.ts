/**
 * What a damage may cost, exactly (contract, section 2, "Malformed record").
 *
 * How a record is read depends only on the bytes from its beginning on. So the records before the first damaged byte are
 * read as before; and from the first record on that begins, behind the last one, where it began before, all are.
 *
 * In a tame roster every record behind the damage is such a one. For a quote that the damage leaves open closes, at the
 * latest, where the next quoted value opens; there text follows, so that the record cannot be read, and reading goes on
 * at the physical line after its first. Only between two damages may a quote of the first be closed by the second: then
 * the records between, which have no quoted value, stand within one record.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { DamagedRoster, Edit, Roster } from "./damaged_roster.ts";
import type { Entry, Reading } from "./whole_way.ts";

export interface Kept {
  /** Untouched records that were read as before. */
  records: number;
  /** Untouched records between two damages that these two made part of another. */
  swallowed: number;
  /** Untouched records of wild rosters in front of the first that began where it had begun. */
  outOfStep: number;
}

/** An untouched record: how it was read before, on its new line. */
interface Untouched {
  entry: Entry;
  /** How many of the damages stand before it. */
  behind: number;
}

/** Compares the readings of a roster (in the encoding in which the damaged one was read) before and after the damage. */
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

/** Of the records behind the damage, those from the first on that was read where it begins. */
function behindFirstOf(entries: readonly Entry[], behind: readonly Entry[]): Entry[] {
  const first = behind.findIndex(({ line }) => entries.some((entry) => entry.line === line));
  return first < 0 ? [] : behind.slice(first);
}

function assertIncreasing(entries: readonly Entry[]): void {
  entries.forEach(({ line }, at) => assert.ok(at === 0 || line > entries[at - 1].line, `line ${line}, not in order`));
}

/** No record was read that has bytes that are no characters, or control characters. */
function assertReadable({ encoding, entries }: Reading, damaged: Uint8Array): void {
  const isUtf8 = encoding === "utf-8" && !Buffer.from(damaged).includes("\ufffd");
  for (const entry of entries) {
    if ("why" in entry) continue;
    const values = entry.values.join("");
    assert.ok(!/(?![\t\r\n])\p{Cc}/u.test(values), `control characters on line ${entry.line}`);
    assert.ok(!isUtf8 || !values.includes("\ufffd"), `bytes that are not UTF-8 on line ${entry.line}`);
  }
}

/** It is part of a record whose quotes are balanced, and has no quoted value of its own. */
function assertSwallowed({ line, raw }: Entry, damaged: readonly Entry[]): void {
  const by = damaged.findLast((entry) => entry.line < line);
  assert.ok(by !== undefined && by.raw.includes(raw), `the record on line ${line} is lost`);
  assert.ok(!raw.replaceAll('""', "").includes('"'), `a quote was left open over the quoted value on line ${line}`);
}

/** A damage without quotes, delimiters and line ends, within a record of one line, costs at most that record. */
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

/** The physical line of a place. */
function lineAt(bytes: Uint8Array, place: number): number {
  return 1 + (Buffer.from(bytes.subarray(0, place)).toString("latin1").match(/\r\n|\n|\r/g)?.length ?? 0);
}
