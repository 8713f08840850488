/** The sweep (`--sweep`): the same imports with rosters of different shapes. No shape should cost more than another. */
import type { ImportCase } from "./cases.ts";
import type { RosterShape } from "./roster.ts";

const FIVE = ["unique_id", "login_source", "user_name", "email", "active"];

const SHAPES: Readonly<Record<string, RosterShape>> = {
  "24 columns": {},
  "24 columns, ids unpadded": { isUnpadded: true },
  "24 columns, reversed": { order: "reversed" },
  "24 columns, shuffled": { order: "shuffled" },
  "24 columns, quoted, CRLF": { isQuoted: true },
  "24 columns, 80 characters more": { longer: 80 },
  "5 columns": { columns: FIVE },
  "5 columns, shuffled": { columns: FIVE, order: "shuffled" },
  "5 columns, unpadded": { columns: FIVE, isUnpadded: true },
  "3 columns": { columns: FIVE.slice(0, 3) },
  "2 columns": { columns: FIVE.slice(0, 2) },
};

const FIRST = {
  before: null,
  byHand: "upsert",
  most: 0.8,
  expected: (records: number) => ({ created: records }),
} as const;
const SAME = { byHand: "upsert", most: 0.2, expected: (records: number) => ({ unchanged: records }) } as const;

export const SWEEP_CASES: readonly ImportCase[] = Object.entries(SHAPES).flatMap(([title, shape]) => [
  { ...FIRST, name: "sweep", title: `first, ${title}`, file: { shape } },
  { ...SAME, name: "sweep", title: `same, ${title}`, before: { shape }, file: { shape } },
]);
