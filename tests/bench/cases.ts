/** What is measured, and the files for it, which are made once and kept in the folder for temporary files. */
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ByHand } from "./by_hand.ts";
import { ROSTER_HEADER, type RosterPlan, writeRoster } from "./roster.ts";

export type CountName = "created" | "updated" | "unchanged" | "archived" | "failed" | "permits_released";

export interface ImportCase {
  name: string;
  title: string;
  /** What the table holds before; null: nothing. */
  before: Omit<RosterPlan, "records"> | null;
  file: Omit<RosterPlan, "records">;
  /** Beside the defaults. */
  settings?: Record<string, unknown>;
  /** Active permits that each user who is inactive in the file has before. */
  permitsEach?: number;
  /** What a person types. */
  byHand: ByHand;
  /** What must become of the records, so that nothing else is measured by mistake. */
  expected(records: number): Partial<Record<CountName, number>>;
}

export const IMPORT_CASES: readonly ImportCase[] = [
  {
    name: "first",
    title: "first import",
    before: null,
    file: {},
    byHand: "upsert",
    expected: (records) => ({ created: records }),
  },
  {
    name: "same",
    title: "the same file again",
    before: {},
    file: {},
    byHand: "upsert",
    expected: (records) => ({ unchanged: records }),
  },
  {
    name: "changed",
    title: "1 % changed",
    before: {},
    file: { changedEvery: 100 },
    byHand: "upsert",
    expected: (records) => ({ updated: Math.ceil(records / 100), unchanged: records - Math.ceil(records / 100) }),
  },
  {
    name: "failing",
    title: "first import, 10 % fail",
    before: null,
    file: { failingEvery: 10 },
    byHand: "upsert what is good",
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
    expected: (records) => {
      const archived = Math.ceil(records / 10);
      return { archived, unchanged: records - archived, permits_released: 2 * archived };
    },
  },
];

/** The name under which the measurement of `/settings` during an import is chosen. */
export const LATENCY = "latency";

/** The name under which the reader alone is chosen. */
export const READER = "reader";

/** The roster of a plan; a file that was made before is taken as it is. */
export async function rosterFile(plan: RosterPlan): Promise<string> {
  const { records, changedEvery = 0, failingEvery = 0, inactiveEvery = 0 } = plan;
  const folder = join(tmpdir(), "rosterd-bench");
  await Deno.mkdir(folder, { recursive: true });
  const path = join(folder, `roster-${records}-${changedEvery}-${failingEvery}-${inactiveEvery}.csv`);
  try {
    await Deno.stat(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await writeRoster(`${path}.part`, plan);
    await Deno.rename(`${path}.part`, path);
  }
  return path;
}

/** A roster without users: its import makes the schema. */
export async function emptyRoster(): Promise<string> {
  const path = join(tmpdir(), "rosterd-bench-empty.csv");
  await Deno.writeTextFile(path, ROSTER_HEADER + "\n");
  return path;
}
