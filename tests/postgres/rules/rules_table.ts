/**
 * The effect of an import on a user, in tables that a registrar can read (docs/people.md#outcomes). In each table, the
 * first matching line applies; `*` matches everything, and `a/b` matches either. Also generates every combination for
 * the tests.
 */
import type { Counts } from "../../../src/domain/outcome.ts";

/**
 * before   the user: unknown, active, disabled, archived
 * record   its value of `active`: 0, 1, or none (the column is absent or the value empty); failed: it was not applied; absent:
 *          the feed named the user before, and there is no record; elsewhere: only others named the user
 * inactive archive_inactive_users
 * missing  missing_users
 * losses   whether losses of `active` happen or are held (see GUARD)
 * after    the user; `same`: as before
 * outcome  the count; `-`: the record counts as updated if another value differs, otherwise as unchanged
 * permits  what happens to the user's active permits
 */
export const RULES = tableOf(`
  before    record     inactive  missing  losses  after     outcome           permits
  *         failed     *         *        *       same      failed            stay
  unknown   0          on        *        *       archived  created           released
  unknown   0          off       *        *       disabled  created           stay
  unknown   *          *         *        *       active    created           stay
  *         elsewhere  *         *        *       same      -                 stay
  archived  0          *         *        *       archived  -                 stay
  archived  1          *         *        *       active    reactivated       stay
  archived  none       *         archive  *       active    reactivated       stay
  disabled  0          on        *        *       archived  archived          released
  disabled  1          *         *        *       active    updated           stay
  active    0          *         *        held    active    held              stay
  active    0          on        *        happen  archived  archived          released
  active    0          off       *        happen  disabled  updated           stay
  archived  absent     *         *        *       archived  -                 stay
  disabled  absent     *         archive  *       archived  missing_archived  released
  active    absent     *         archive  held    active    missing_held      stay
  active    absent     *         archive  happen  archived  missing_archived  released
  *         *          *         *        *       same      -                 stay
`);

/** guard: off, below its number or its share, or exceeded. hold: whether an earlier import has an open hold. */
export const GUARD = tableOf(`
  guard     hold  losses
  off       *     happen
  exceeded  *     held
  *         open  held
  *         none  happen
`);

/** The effect of an approval. A discard has no effect on users. */
export const APPROVE = tableOf(`
  outcome       inactive  after     permits
  held          on        archived  released
  held          off       disabled  stay
  missing_held  *         archived  released
  *             *         same      stay
`);

/** The effect of an undo after an approval or a discard; `same`: as before the import, including permits. */
export const UNDO = tableOf(`
  outcome  after     permits
  created  archived  released
  *        same      same
`);

export type State = "unknown" | "active" | "disabled" | "archived";

type Row = Record<string, string>;

export function tableOf(text: string): Row[] {
  const [names, ...rows] = text.trim().split("\n").map((line) => line.trim().split(/\s+/));
  return rows.map((values) => Object.fromEntries(names.map((name, at) => [name, values[at]])));
}

const used = new Set<Row>();

/** The first row that matches the facts. */
export function lookUp(table: Row[], facts: Row): Row {
  const fits = (row: Row) =>
    Object.entries(facts).every(([name, value]) =>
      !(name in row) || row[name] === "*" || row[name].split("/").includes(value)
    );
  const row = table.find(fits);
  if (row === undefined) throw new Error(`the table says nothing of ${JSON.stringify(facts)}`);
  used.add(row);
  return row;
}

/** Returns the rows that no test has looked up. */
export function unused(): Row[] {
  return [RULES, GUARD, APPROVE, UNDO].flat().filter((row) => !used.has(row));
}

/** The facts that all users in one import share. */
export interface Circumstances {
  /** Whether the file has an `active` column. */
  column: "with" | "without";
  inactive: "on" | "off";
  missing: "keep" | "archive";
  guard: "off" | "few" | "small share" | "exceeded";
  hold: "none" | "open";
}

/** One user and their record. */
export interface Case {
  id: string;
  before: State;
  record: "0" | "1" | "none" | "failed" | "absent" | "elsewhere";
  /** The value of `active`, if the file has the column. */
  active: "" | "0" | "1";
  /** The value of another column. */
  value: "same" | "differs";
  permits: "none" | "own";
}

export interface Expected {
  after: State;
  /** The expected outcome; null if the user has no record and does not change. */
  outcome: keyof Counts | null;
  released: boolean;
  approved: { after: State; released: boolean };
  undone: { after: State; released: boolean };
}

export const CIRCUMSTANCES: Circumstances[] = product({
  column: ["with", "without"],
  inactive: ["on", "off"],
  missing: ["keep", "archive"],
  guard: ["off", "few", "small share", "exceeded"],
  hold: ["none", "open"],
});

/** Generates every kind of user for one import. */
export function casesOf({ column }: Circumstances): Case[] {
  const active = column === "with" ? ["", "0", "1"] as const : [""] as const;
  const all = product<Omit<Case, "id">>({
    before: ["unknown", "active", "disabled", "archived"],
    record: ["none", "0", "1", "failed", "absent", "elsewhere"],
    active,
    value: ["same", "differs"],
    permits: ["none", "own"],
  });
  return all.filter(isOne).map((one) => ({ id: Object.values(one).join("-"), ...one }));
}

/** Returns false for cases that are impossible or equivalent to another case. */
function isOne({ before, record, active, value }: Omit<Case, "id">): boolean {
  if (record === "absent" || record === "elsewhere") return active === "" && value === "same" && before !== "unknown";
  if (record === "failed") return value === "differs";
  return record === (active === "" ? "none" : active) && (before !== "unknown" || value === "differs");
}

export function expected(one: Case, circumstances: Circumstances): Expected {
  const facts = { ...circumstances, ...lookUp(GUARD, { ...circumstances }), before: one.before, record: one.record };
  const rule = lookUp(RULES, facts);
  const after = (rule.after === "same" ? one.before : rule.after) as State;
  const found = { outcome: rule.outcome, inactive: circumstances.inactive };
  const approve = lookUp(APPROVE, found), undo = lookUp(UNDO, found);
  const released = rule.permits === "released";
  return {
    after,
    outcome: outcomeOf(rule.outcome, one),
    released,
    approved: {
      after: (approve.after === "same" ? after : approve.after) as State,
      released: released || approve.permits === "released",
    },
    undone: {
      after: (undo.after === "same" ? one.before : undo.after) as State,
      released: undo.permits === "released",
    },
  };
}

function outcomeOf(outcome: string, { record, value }: Case): keyof Counts | null {
  if (outcome !== "-") return outcome as keyof Counts;
  if (record === "absent" || record === "elsewhere") return null;
  return value === "differs" ? "updated" : "unchanged";
}

export function product<T>(choices: { [K in keyof T]: readonly T[K][] }): T[] {
  return Object.entries(choices).reduce(
    (all, [name, values]) => all.flatMap((one) => (values as unknown[]).map((value) => ({ ...one, [name]: value }))),
    [{}] as object[],
  ) as T[];
}
