/** Counts verdicts by kind and prints them as a table. */
import { CLEAN_ROSTERS } from "./clean_roster.ts";
import { FILE_KINDS, HIDDEN_FILE_KINDS, pollutedFiles } from "./file_kinds.ts";
import type { PollutedFile } from "./polluted_file.ts";
import { HIDDEN_RECORD_KINDS, joinedRecords, pollutedRecords, RECORD_KINDS } from "./record_kinds.ts";
import type { Verdict } from "./verdict.ts";

export interface Tally extends Verdict {
  records: number;
}

export const NONE: Readonly<Tally> = {
  records: 0,
  right: 0,
  failed: 0,
  rejected: 0,
  wrong: 0,
  lost: 0,
  beside: 0,
  clean: 0,
};

/** Every polluted file that can be distinguished from a clean one. */
export function* allPolluted(): Generator<PollutedFile> {
  for (const roster of CLEAN_ROSTERS) {
    yield* pollutedRecords(roster, RECORD_KINDS);
    yield* joinedRecords(roster);
    yield* pollutedFiles(roster, FILE_KINDS);
  }
}

export function* allHidden(): Generator<PollutedFile> {
  for (const roster of CLEAN_ROSTERS) {
    yield* pollutedRecords(roster, HIDDEN_RECORD_KINDS);
    yield* pollutedFiles(roster, HIDDEN_FILE_KINDS);
  }
}

export class Tallies {
  readonly byKind = new Map<string, Tally>();

  add({ kind, polluted }: PollutedFile, verdict: Verdict): void {
    const before = this.byKind.get(kind) ?? NONE;
    this.byKind.set(kind, sum(before, { records: Math.max(1, polluted.size), ...verdict }));
  }

  get total(): Tally {
    return [...this.byKind.values()].reduce(sum, NONE);
  }

  table(reader: string): string {
    const rows = [...this.byKind, ["total", this.total] as const];
    const line = (name: string, cells: readonly (string | number)[]) =>
      name.padEnd(52) + cells.map((cell) => String(cell).padStart(9)).join("");
    return [
      line(reader, Object.keys(NONE)),
      ...rows.map(([kind, tally]) => line(kind, Object.keys(NONE).map((name) => tally[name as keyof Tally]))),
    ].join("\n");
  }
}

function sum(one: Tally, other: Tally): Tally {
  return Object.fromEntries(
    Object.keys(NONE).map((name) => [name, one[name as keyof Tally] + other[name as keyof Tally]]),
  ) as unknown as Tally;
}
