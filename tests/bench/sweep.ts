/**
 * The sweep (`--sweep`): the same imports with rosters of different shapes. All shapes should take about the same time.
 */
import type { ByHand } from "./by_hand.ts";
import type { ImportCase } from "./cases.ts";
import { ROSTER_HEADER, type RosterPlan, type RosterShape } from "./roster.ts";

const FIVE = ["unique_id", "login_source", "user_name", "email", "active"];
const TWELVE = ROSTER_HEADER.split(",").slice(0, 11).concat("active");

const SHAPES: Readonly<Record<string, RosterShape>> = {
  "24 columns": {},
  "24 columns, ids unpadded": { isUnpadded: true },
  "24 columns, reversed": { order: "reversed" },
  "24 columns, shuffled": { order: "shuffled" },
  "24 columns, clustered": { order: "clustered" },
  "24 columns, quoted, CRLF": { isQuoted: true },
  "24 columns, CRLF": { isCrlf: true },
  "24 columns, 80 characters more": { longer: 80 },
  "24 columns, one letter each": { isShort: true },
  "24 columns, Greek": { isGreek: true },
  "24 columns, UTF-16": { encoding: "utf-16" },
  "24 columns, gz": { encoding: "gz" },
  "12 columns": { columns: TWELVE },
  "5 columns": { columns: FIVE },
  "5 columns, shuffled": { columns: FIVE, order: "shuffled" },
  "5 columns, unpadded": { columns: FIVE, isUnpadded: true },
  "3 columns": { columns: FIVE.slice(0, 3) },
  "2 columns": { columns: FIVE.slice(0, 2) },
};

/** The variations of a roster, their frequencies, and the SQL that a person would write for each. */
type Oddity = "failingEvery" | "repeatedEvery" | "inactiveEvery";
const ODDITIES: Readonly<Record<Oddity, { title: string; byHand: ByHand; count: "failed" | "skipped" | null }>> = {
  failingEvery: { title: "failing", byHand: "upsert what is good", count: "failed" },
  repeatedEvery: { title: "repeated", byHand: "upsert the first of each", count: "skipped" },
  inactiveEvery: { title: "inactive", byHand: "upsert", count: null },
};
const PARTS: Readonly<Record<string, number>> = { "0.1 %": 1_000, "1 %": 100, "10 %": 10, "33 %": 3 };

/** Sizes on both sides of powers of two and of the thresholds at which in-memory tables grow. */
const SIZES = [10_000, 30_000, 100_000, 131_000, 132_000, 300_000, 786_000, 787_000, 1_048_000, 1_049_000, 3_000_000];

const FIRST = { name: "sweep", before: null, byHand: "upsert", most: 0.8 } as const;
const SAME = { name: "sweep", byHand: "upsert", most: 0.2 } as const;
const created = (records: number) => ({ created: records });
const unchanged = (records: number) => ({ unchanged: records });

function firstAndSame(title: string, shape: RosterShape, records?: number): ImportCase[] {
  return [
    { ...FIRST, records, title: `first, ${title}`, file: { shape }, expected: created },
    { ...SAME, records, title: `same, ${title}`, before: { shape }, file: { shape }, expected: unchanged },
  ];
}

/**
 * The number of records with the variation. The first record has the variation too, unless the variation repeats the
 * previous record.
 */
function oddCases(oddity: Oddity, part: string, every: number): ImportCase[] {
  const { title, byHand, count } = ODDITIES[oddity];
  const plan = { [oddity]: every } satisfies Omit<RosterPlan, "records">;
  const odd = (records: number) => count === null ? 0 : Math.ceil(records / every) - (count === "skipped" ? 1 : 0);
  const most = oddity === "failingEvery" ? 1 : 0.8;
  const counts = (name: "created" | "unchanged") => (records: number) => ({
    [name]: records - odd(records),
    ...(count === null ? {} : { [count]: odd(records) }),
  });
  const shared = { name: "sweep", byHand, keepsFailed: count === "failed" };
  return [
    { ...shared, title: `first, ${part} ${title}`, before: null, file: plan, most, expected: counts("created") },
    { ...shared, title: `same, ${part} ${title}`, before: plan, file: plan, most, expected: counts("unchanged") },
  ];
}

/** Otherwise, the change guard would hold a file that changes a column of all users. */
const UNGUARDED = { change_guard: { max_percent: 100 } };

const CHANGES: readonly ImportCase[] = [
  {
    name: "sweep",
    title: "half new",
    before: {},
    file: { newPart: 0.5 },
    byHand: "upsert",
    most: 1,
    expected: (records) => ({ created: Math.floor(records / 2), unchanged: Math.ceil(records / 2) }),
  },
  {
    name: "sweep",
    title: "one column changed for all",
    before: {},
    file: { changedEvery: 1 },
    settings: UNGUARDED,
    byHand: "upsert",
    most: 1.2,
    expected: (records) => ({ updated: records }),
  },
  {
    name: "sweep",
    title: "14 columns changed for all",
    before: {},
    file: { shape: { isShort: true } },
    settings: UNGUARDED,
    byHand: "upsert",
    most: 1.2,
    expected: (records) => ({ updated: records }),
  },
];

export const SWEEP_CASES: readonly ImportCase[] = [
  ...Object.entries(SHAPES).flatMap(([title, shape]) => firstAndSame(title, shape)),
  ...(Object.keys(ODDITIES) as Oddity[]).flatMap((oddity) =>
    Object.entries(PARTS).flatMap(([part, every]) => oddCases(oddity, part, every))
  ),
  ...CHANGES,
  ...SIZES.flatMap((records) => firstAndSame(`${records.toLocaleString("en")} records`, {}, records)),
];
