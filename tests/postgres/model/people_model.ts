/**
 * A slow and simple model of what imports do to users, written from the quoted rules of docs/people.md. The model test compares
 * the database with it after every step. `people_model_decide.ts` models decisions.
 */
import { expectedOutcome } from "./taken_model.ts";

export type State = "active" | "disabled" | "archived";

/** A user's `active` and `archived_at`, which tells two archivings apart. */
export interface Access {
  state: State;
  archivedAt: number | null;
}

export const VALUES = ["login_source", "city", "email"] as const;
export type Value = typeof VALUES[number];

export interface Person extends Access, Record<Value, string | null> {
  createdBy: number | null;
}

export interface Permit {
  id: number;
  no: string | null;
  owner: string | null;
  status: "active" | "released" | "lost";
  by: number | null;
}

export interface Change {
  values: Partial<Record<Value, [before: string | null, after: string | null]>>;
  access: [before: Access, after: Access] | null;
  /** The hour at which it took `active` from the user. */
  lostAt: number | null;
}

export interface Hold {
  missing: boolean;
  effect: "archive" | "disable";
  /** Later imports whose records keep the user. */
  otherwise: number[];
}

export interface Import {
  id: number;
  undone: boolean;
  hold: "open" | "approved" | "discarded" | null;
  held: Map<string, Hold>;
  created: number;
  changes: Map<string, Change>;
}

export interface Rules {
  inactive: boolean;
  missing: "keep" | "archive";
  guard: { max_percent: number; min_users: number };
}

export interface RosterRecord {
  /** "" if it is not readable. */
  id: string;
  login_source: string;
  /** As in a file: "" keeps the value, "(clear)" clears it. */
  city: string;
  email: string;
  active: "" | "0" | "1";
  /** Whether a value is not valid. */
  bad: boolean;
}

export interface Roster {
  records: RosterRecord[];
  /** Whether it has a column `active`. */
  column: boolean;
  /** Whether it has a column named `rosterd_…`. */
  own: boolean;
  /** Whether the last record is not readable. */
  torn: boolean;
}

export interface World {
  people: Map<string, Person>;
  permits: Permit[];
  imports: Import[];
  /** In hours. */
  now: number;
  /** Tells archivings apart. */
  moments: number;
}

export const sorted = <T>(map: Map<string, T>) => [...map].sort(([a], [b]) => a < b ? -1 : 1);

export const accessOf = ({ state, archivedAt }: Access): Access => ({ state, archivedAt });

/** What one import will do. */
interface Plan {
  /** The records that are applied, by user. */
  good: Map<string, RosterRecord>;
  emails: Record<string, { email: string | null }>;
  /** The new access of existing users. Users without an entry keep theirs. */
  next: Map<string, State>;
  /** Those of them without a record. */
  missing: Set<string>;
  held: Set<string>;
}

/** Imports the roster. Returns the counts and the codes of the warnings. */
export function importRoster(world: World, id: number, roster: Roster, rules: Rules) {
  const { good, emails, failed, skipped } = judge(world, roster);
  const next = new Map<string, State>();
  for (const [id, record] of good) {
    const state = world.people.has(id) ? nextState(world.people.get(id)!.state, record.active, rules) : null;
    if (state !== null) next.set(id, state);
  }
  const { missing, kept } = findMissing(world, roster, good, rules);
  for (const id of missing) next.set(id, "archived");
  const losing = [...next].filter(([id, state]) => world.people.get(id)!.state === "active" && state !== "active");
  const loses = new Set(losing.map(([id]) => id));
  const held = holds(world, loses, rules) ? loses : new Set<string>();
  noteOtherwise(world, good, rules, id);
  const counts = apply(world, id, { good, emails, next, missing, held }, rules);
  const records = roster.records.length + (roster.torn ? 1 : 0);
  return {
    counts: { records, skipped, failed, ...counts },
    warnings: [
      // "When more than half of the records fail on … a two-letter column, the warning `values_fail`"
      ...(2 * roster.records.filter(({ bad }) => bad).length > records ? ["values_fail"] : []),
      ...(kept ? ["missing_users_kept"] : []),
      ...(held.size > 0 ? ["archivings_held"] : []),
    ],
  };
}

/** `taken_model.ts` models repeated and taken values. */
function judge({ people }: World, { records, column, torn }: Roster) {
  const users = [...people].map(([unique_id, { email }]) => ({
    unique_id,
    user_name: null,
    email,
    state: "active" as const,
  }));
  const outcome = expectedOutcome(
    users,
    records.map(({ id, email, bad, active, ...others }, at) => ({
      unique_id: id || `unreadable ${at}`,
      user_name: "",
      email,
      active: bad || id === "" ? "x" as const : "" as const,
      others: JSON.stringify([others, column && active]),
    })),
  );
  const good = new Map<string, RosterRecord>();
  records.forEach((record, at) => {
    const isFirst = records.findIndex(({ id }) => id === record.id) === at;
    if (isFirst && !(at + 2 in outcome.failures)) {
      good.set(record.id, { ...record, active: column ? record.active : "" });
    }
  });
  const failed = Object.keys(outcome.failures).length + (torn ? 1 : 0);
  return { good, emails: outcome.users, failed, skipped: outcome.skipped };
}

/** The table of docs/people.md#outcomes; null if nothing changes. */
function nextState(state: State, active: RosterRecord["active"], { inactive, missing }: Rules): State | null {
  if (active === "0" && inactive) return state === "archived" ? null : "archived";
  if (active === "0") return state === "active" ? "disabled" : null;
  if (active === "1") return state === "active" ? null : "active";
  return state === "archived" && missing === "archive" ? "active" : null;
}

function findMissing({ people }: World, roster: Roster, good: Plan["good"], { missing }: Rules) {
  if (missing === "keep") return { missing: new Set<string>(), kept: false };
  // "Nobody is archived as missing when the unique_id of any record could not be read, when the file has a rosterd_* column, or
  // when no record was applied; a warning says so."
  if (roster.torn || roster.records.some(({ id }) => id === "") || roster.own || good.size === 0) {
    return { missing: new Set<string>(), kept: true };
  }
  // "A file is then the whole roster of each login source that one of its applied records carries."
  const sources = new Set([...good.values()].map(({ login_source }) => login_source));
  const absent = [...people].filter(([id, { state, login_source }]) =>
    state !== "archived" && sources.has(login_source!) && !roster.records.some((record) => record.id === id)
  );
  return { missing: new Set(absent.map(([id]) => id)), kept: false };
}

function holds({ people, imports, now }: World, losing: Set<string>, { guard }: Rules): boolean {
  if (guard.max_percent === 100 || losing.size === 0) return false;
  // "While a hold is open, every later loss of active is held too"
  if (imports.some(({ hold }) => hold === "open")) return true;
  // "together with those of the last 24 hours that were not undone"
  const recent = imports.filter(({ undone }) => !undone).flatMap(({ changes }) =>
    [...changes].filter(([, { lostAt }]) => lostAt !== null && now - lostAt < 24).map(([id]) => id)
  );
  const counted = new Set([...losing, ...recent]);
  // "Above max_percent of the users who were active before AND above min_users, in any login source or in all"
  return [null, ...new Set([...losing].map((id) => people.get(id)!.login_source))].some((source) => {
    const of = (ids: Iterable<string>) =>
      [...ids].map((id) => people.get(id)).filter((one) => one && (source === null || one.login_source === source));
    const active = of(people.keys()).filter((one) => one!.state === "active").length;
    const count = of(counted).length;
    return count > guard.min_users && count * 100 > active * guard.max_percent;
  });
}

/** "except users whose later applied records said otherwise" */
function noteOtherwise(world: World, good: Plan["good"], { inactive }: Rules, importId: number): void {
  for (const { hold, held } of world.imports) {
    if (hold !== "open") continue;
    for (const [id, one] of held) {
      const active = good.get(id)?.active;
      if (active === undefined) continue;
      if (active === "1" || (one.missing && !(active === "0" && inactive))) one.otherwise.push(importId);
    }
  }
}

/** Counts missing users and all records except failed and skipped ones. */
function apply(world: World, id: number, { good, emails, next, missing, held }: Plan, { inactive }: Rules) {
  const { people } = world;
  const done: Import = { id, undone: false, hold: null, held: new Map(), created: 0, changes: new Map() };
  const counts = {
    created: 0,
    updated: 0,
    unchanged: 0,
    archived: 0,
    reactivated: 0,
    held: 0,
    missing_archived: 0,
    missing_held: 0,
  };
  const archived: string[] = [], archivedAt = ++world.moments;
  const access = (state: State): Access => ({ state, archivedAt: state === "archived" ? archivedAt : null });
  const hold = (id: string) => {
    const effect = missing.has(id) || inactive ? "archive" : "disable";
    done.held.set(id, { missing: missing.has(id), effect, otherwise: [] });
  };
  const move = (id: string, change: Change) => {
    const person = people.get(id)!, state = next.get(id)!;
    change.access = [accessOf(person), access(state)];
    if (person.state === "active") change.lostAt = world.now;
    if (state === "archived") archived.push(id);
    Object.assign(person, access(state));
  };

  for (const [id, record] of good) {
    const values = { login_source: record.login_source, city: stated(record.city, people.get(id)?.city ?? null) };
    if (!people.has(id)) {
      const state = record.active !== "0" ? "active" : inactive ? "archived" : "disabled";
      people.set(id, { ...values, email: emails[id].email, ...access(state), createdBy: done.id });
      if (state === "archived") archived.push(id);
      done.created = ++counts.created;
      continue;
    }
    const change = setValues(people.get(id)!, { ...values, email: emails[id].email });
    const before = people.get(id)!.state, after = held.has(id) ? undefined : next.get(id);
    if (held.has(id)) hold(id);
    if (after !== undefined) move(id, change);
    counts[outcomeOf(before, after, held.has(id), change)]++;
    if (change.access !== null || Object.keys(change.values).length > 0) done.changes.set(id, change);
  }
  for (const id of missing) {
    counts[held.has(id) ? "missing_held" : "missing_archived"]++;
    if (held.has(id)) {
      hold(id);
      continue;
    }
    const change: Change = { values: {}, access: null, lostAt: null };
    move(id, change);
    done.changes.set(id, change);
  }
  if (done.held.size > 0) done.hold = "open";
  world.imports.push(done);
  return { ...counts, permits_released: releasePermits(world, archived, id) };
}

/** "Every record ends as exactly one of" these. */
function outcomeOf(before: State, after: State | undefined, held: boolean, { values }: Change) {
  if (held) return "held";
  if (after === "archived") return "archived";
  if (after === "active" && before === "archived") return "reactivated";
  return after !== undefined || Object.keys(values).length > 0 ? "updated" : "unchanged";
}

function stated(value: string, before: string | null): string | null {
  return value === "" ? before : value === "(clear)" ? null : value;
}

/** "only the columns that differ" */
function setValues(person: Person, values: Record<Value, string | null>): Change {
  const change: Change = { values: {}, access: null, lostAt: null };
  for (const name of VALUES) {
    if (person[name] === values[name]) continue;
    change.values[name] = [person[name], values[name]];
    person[name] = values[name];
  }
  return change;
}

/** What `rosterd.release_permits` does. */
export function releasePermits({ permits }: World, owners: readonly string[], by: number): number {
  const released = permits.filter(({ owner, status }) => status === "active" && owners.includes(owner ?? ""));
  for (const permit of released) Object.assign(permit, { status: "released", by });
  return released.length;
}
