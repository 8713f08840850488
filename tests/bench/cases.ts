/** The imports that are measured and compared with psql. */
import type { ByHand } from "./by_hand.ts";
import type { RosterPlan } from "./roster.ts";

export type CountName =
  | "created"
  | "updated"
  | "unchanged"
  | "archived"
  | "failed"
  | "skipped"
  | "permits_released"
  | "missing_archived"
  | "records";

/** The settings for a file that is a whole roster. */
const SNAPSHOT = { missing_users: "archive", archive_guard: { max_percent: 100 } };

export interface ImportCase {
  name: string;
  title: string;
  /** The number of records; overrides `--records`. */
  records?: number;
  /** The earlier content of the table; null for an empty table. */
  before: Omit<RosterPlan, "records"> | null;
  file: Omit<RosterPlan, "records">;
  /** Settings that differ from the defaults. */
  settings?: Record<string, unknown>;
  /** The number of active permits of each user who is inactive in the file. */
  permitsEach?: number;
  /** The SQL that a person would type. */
  byHand: ByHand;
  /** Whether pgloader, which can only load data, can do the same work. */
  isPlainLoad?: boolean;
  /** The allowed time as a multiple of the time that psql takes. */
  most: number;
  /** Whether the failed records are also written to a file. */
  keepsFailed?: boolean;
  /** The expected outcome of the records, so that different work is not measured by mistake. */
  expected(records: number): Partial<Record<CountName, number>>;
}

export const IMPORT_CASES: readonly ImportCase[] = [
  {
    name: "first",
    title: "first import",
    before: null,
    file: {},
    byHand: "upsert",
    isPlainLoad: true,
    most: 1.1,
    expected: (records) => ({ created: records }),
  },
  {
    name: "mapped",
    title: "first import, mapped",
    before: null,
    file: { isExport: true },
    settings: {
      value_maps: {
        active: { Y: "1", N: "0" },
        province: { Ontario: "ON", Quebec: "QC", "Nova Scotia": "NS" },
        user_type_id: { Student: "student", Staff: "staff", Faculty: "faculty", Visitor: "visitor" },
      },
      defaults: { login_source: "ldap", city2: "Ottawa" },
      date_format: "DD/MM/YYYY",
    },
    byHand: "upsert what is mapped",
    most: 1.1,
    expected: (records) => ({ created: records }),
  },
  {
    name: "same",
    title: "the same file again",
    before: {},
    file: {},
    byHand: "upsert",
    most: 0.25,
    expected: (records) => ({ unchanged: records }),
  },
  {
    name: "changed",
    title: "1 % changed",
    before: {},
    file: { changedEvery: 100 },
    byHand: "upsert",
    most: 0.35,
    expected: (records) => ({ updated: Math.ceil(records / 100), unchanged: records - Math.ceil(records / 100) }),
  },
  {
    name: "snapshot",
    title: "snapshot, first import",
    before: null,
    file: {},
    settings: SNAPSHOT,
    byHand: "upsert",
    most: 1.1,
    expected: (records) => ({ created: records }),
  },
  {
    name: "snapshot",
    title: "snapshot, the same file again",
    before: {},
    file: {},
    settings: SNAPSHOT,
    byHand: "snapshot",
    most: 0.3,
    expected: (records) => ({ unchanged: records }),
  },
  {
    name: "snapshot",
    title: "snapshot, 1 % missing",
    before: {},
    file: { missingEvery: 100 },
    settings: SNAPSHOT,
    byHand: "snapshot",
    most: 0.5,
    expected: (records) => {
      const missing_archived = Math.ceil(records / 100);
      return { records: records - missing_archived, unchanged: records - missing_archived, missing_archived };
    },
  },
  {
    name: "failing",
    title: "first import, 10 % fail",
    before: null,
    file: { failingEvery: 10 },
    byHand: "upsert what is good",
    most: 1.3,
    keepsFailed: true,
    expected: (records) => ({ created: records - Math.ceil(records / 10), failed: Math.ceil(records / 10) }),
  },
  {
    name: "archive",
    title: "10 % archived, 2 permits each",
    before: {},
    file: { inactiveEvery: 10 },
    settings: { archive_inactive_users: true, archive_guard: { max_percent: 100 } },
    permitsEach: 2,
    byHand: "archive",
    most: 2,
    expected: (records) => {
      const archived = Math.ceil(records / 10);
      return { archived, unchanged: records - archived, permits_released: 2 * archived };
    },
  },
];
