/**
 * A slow but simple model of how imports affect users, based on the rules in docs/people.md. The model test compares
 * the database with this model after every step. `people_model_ids.ts` models new ids, and `people_model_decide.ts`
 * models decisions.
 */
import { type Heirs, heirsOf, merge, rename, unrename } from "./people_model_ids.ts";
import { expectedOutcome } from "./taken_model.ts";

export type State = "active" | "disabled" | "archived";

/**
 * The state of a user: `active`, `archived_at`, which tells one archiving from another, and `inactive_since` in hours.
 */
export interface Access {
  state: State;
  archivedAt: number | null;
  since: number | null;
}

export const VALUES = ["login_source", "city", "email"] as const;
export type Value = typeof VALUES[number];

/** What a feed says about a person: whether they are active. */
export type Word = boolean;

export interface Person extends Access, Record<Value, string | null> {
  createdBy: number | null;
  /** What each feed says. */
  words: Map<string, Word>;
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
  /** The hour at which the import took away the user's access. */
  lostAt: number | null;
  /** What the import's feed says about the user; undefined if the feed does not include them. */
  word: [before: Word | undefined, after: Word | undefined] | null;
  /** The old and new ids of a renamed user, and the earlier imports whose entries moved to the new id. */
  renamed: { from: string; to: string; imports: number[] } | null;
  /** The old id of a user who was merged into this one. */
  absorbed: string | null;
  /** The id of the user into whom this one was merged, and the permits that moved to it. */
  merged: { into: string; permits: number[] } | null;
}

export const noChange = (): Change => ({
  values: {},
  access: null,
  lostAt: null,
  word: null,
  renamed: null,
  absorbed: null,
  merged: null,
});

export interface Hold {
  missing: boolean;
  effect: "archive" | "disable";
  /** The ids of later imports whose records say that the user should keep access. */
  otherwise: number[];
}

export interface Import {
  id: number;
  feed: string;
  /** The other feeds in the settings when the import started. */
  others: string[];
  undone: boolean;
  /** The latest import at the time this one was undone. */
  undoneAfter: number;
  hold: "open" | "approved" | "discarded" | "superseded" | null;
  /** The roster held by the change guard, and the columns that an approval waives; null if the file was applied. */
  file: { roster: Roster; columns: Value[] } | null;
  held: Map<string, Hold>;
  created: number;
  changes: Map<string, Change>;
  erased: number;
  rules: Rules;
}

/** The settings for the files of one feed. */
export interface Rules {
  inactive: boolean;
  missing: "keep" | "archive";
  guard: { max_percent: number; min_users: number };
  changes: { max_percent: number; min_users: number };
  empty: "keep" | "clear";
  /** release_permits_after_days */
  days: number;
}

/**
 * The feed of a file and its position among the feeds in the settings. The first feed takes precedence. The upload
 * folder itself, "", comes last.
 */
export interface Feed {
  name: string;
  all: string[];
}

export interface RosterRecord {
  /** The unique_id; "" if it is unreadable. */
  id: string;
  /** The old id, or "". */
  old: string;
  login_source: string;
  /** A value as it appears in a file: "" keeps the user's value, "(clear)" clears it. */
  city: string;
  email: string;
  active: "" | "0" | "1";
  /** Whether a value is invalid. */
  bad: boolean;
}

export interface Roster {
  records: RosterRecord[];
  /** Whether the roster has an `active` column. */
  column: boolean;
  /** Whether the roster has an `old_unique_id` column. */
  olds: boolean;
  /** Whether the roster has a column named `rosterd_…`. */
  own: boolean;
  /** Whether the last record is unreadable. */
  torn: boolean;
}

export interface World {
  people: Map<string, Person>;
  permits: Permit[];
  imports: Import[];
  /** The current time, in hours. */
  now: number;
  /** A counter that tells archivings apart. */
  moments: number;
}

export const sorted = <T>(map: Map<string, T>) => [...map].sort(([a], [b]) => a < b ? -1 : 1);

/** Only a disabled user waits, so `since` has no meaning for other users. */
export const accessOf = ({ state, archivedAt, since }: Access): Access => ({
  state,
  archivedAt,
  since: state === "disabled" ? since : null,
});

/** The plan of one import. */
interface Plan {
  feed: Feed;
  /** The applied records, by user. */
  good: Map<string, RosterRecord>;
  heirs: Heirs;
  /** The archived or merged users who give up their email address. */
  gives: Set<string>;
  emails: Record<string, { email: string | null }>;
  /** The new access of existing users. Users without an entry keep their access. */
  next: Map<string, State>;
  /** The users in `next` who have no record. */
  missing: Set<string>;
  /** Users whose grace period is over, including missing users. */
  due: Set<string>;
  /** Users whom this feed no longer names, although their access does not change. */
  forgotten: Set<string>;
  held: Set<string>;
}

/** Returns the other feeds that say `word` about a person. */
function others({ words }: Person, { name, all }: Feed, word: Word): string[] {
  return all.filter((other) => other !== name && words.get(other) === word);
}

/** With `active` = 0, the feed lists the user as inactive; with any other value, as active. */
const wordOf = ({ active }: RosterRecord): Word => active !== "0";

/**
 * Imports the roster. Returns the counts, the codes of the warnings and the columns for which the file is held.
 * `approved`: the import that held this file.
 */
export function importRoster(
  world: World,
  id: number,
  feed: Feed,
  roster: Roster,
  rules: Rules,
  approved: Import | null = null,
) {
  const { good, heirs, emails, gives, failed, skipped, overruled } = judge(world, roster, feed, rules);
  const overruledOf = (id: string) => (overruled.get(id) ?? []).filter((name) => name !== "email" || !gives.has(id));
  const owners = world.permits.map(({ owner }) => owner);
  const renames = [...heirs.renamed].filter(([to]) => good.has(to)).map(([to, from]) => ({
    to,
    change: { ...noChange(), renamed: rename(world, from, to) },
  }));
  const renamed = new Map(renames.map(({ to, change }) => [to, change]));
  const next = new Map<string, State>();
  const keptByOther = new Set<string>();
  for (const [id, record] of good) {
    const person = world.people.get(id);
    if (person === undefined) continue;
    const state = nextState(person, record.active, feed, rules, heirs.isActive(world, id));
    // A user whom another feed lists as active does not lose access.
    const isKept = (state === "archived" || state === "disabled") && others(person, feed, true).length > 0;
    if (isKept && person.words.get(feed.name) !== false) keptByOther.add(id);
    if (state !== null && !isKept) next.set(id, state);
  }
  const { absent, kept } = findMissing(world, roster, good, feed, rules);
  const missing = new Set<string>(), forgotten = new Set<string>(), due = new Set<string>();
  const isDue = ({ state, since }: Person) =>
    rules.days > 0 && state === "disabled" && since !== null && world.now - since >= 24 * rules.days;
  for (const id of absent) {
    const person = world.people.get(id)!, isKept = others(person, feed, true).length > 0;
    if (isKept && person.state !== "archived" && person.words.get(feed.name) === true) keptByOther.add(id);
    if (person.state === "archived" || isKept) forgotten.add(id);
    else if (rules.days === 0) next.set(id, "archived");
    // A user who loses access is disabled immediately, and the feed lists them as inactive during the wait.
    else if (person.state === "active" || person.since === null || person.words.get(feed.name) === true) {
      next.set(id, "disabled");
    } else if (isDue(person)) due.add(id);
    if (next.has(id) || due.has(id)) missing.add(id);
  }
  // The first import of the feed after the grace period archives the user unless they have access again.
  if (rules.inactive) {
    for (const [id, person] of world.people) {
      const isInactive = person.words.get(feed.name) === false && others(person, feed, true).length === 0;
      const isCalledActive = roster.records.some((one) => one.id === id && (roster.column ? one.active : "") !== "0");
      // The next import archives the user if a record names their id as its old id.
      const isOld = roster.olds && roster.records.some(({ old }) => old === heirs.todayOf(id));
      if (isDue(person) && isInactive && !isCalledActive && !isOld && !absent.includes(id)) due.add(id);
    }
  }
  const records = roster.records.length + (roster.torn ? 1 : 0);
  const warnings = [
    // "When more than half of the records fail on … a two-letter column, the warning `values_fail`"
    ...(2 * roster.records.filter(({ bad }) => bad).length > records ? ["values_fail"] : []),
    // Kept values are always reported: one warning per column.
    ...[...new Set([...good.keys()].flatMap(overruledOf))].map(() => "kept"),
    ...(kept ? ["missing_users_kept"] : []),
    ...(keptByOther.size > 0 ? ["kept_by_other_feed"] : []),
  ];
  const spoiled = spoiledColumns(world, good, emails, rules).filter((name) => !approved?.file?.columns.includes(name));
  if (spoiled.length > 0) {
    for (const { to, change } of renames.toReversed()) unrename(world, to, change, id);
    world.permits.forEach((permit, at) => permit.owner = owners[at]);
    if (approved === null) {
      world.imports.push({ ...begun(id, feed, rules), hold: "open", file: { roster, columns: spoiled } });
    }
    return { counts: { records, held: records }, warnings: [...warnings, "changes_held"], spoiled };
  }
  // Once a newer file is applied, the older hold ends as superseded.
  for (const older of good.size > 0 ? world.imports : []) {
    const isOlder = older.id < (approved ?? { id }).id && older.feed === feed.name;
    if (isOlder && older.file !== null && older.hold === "open") older.hold = "superseded";
  }
  const losing = [...next].filter(([id, state]) => world.people.get(id)!.state === "active" && state !== "active");
  const loses = new Set(losing.map(([id]) => id));
  const held = holds(world, loses, good, feed, rules) ? loses : new Set<string>();
  noteOtherwise(world, good, feed, rules, id);
  const plan = { feed, good, heirs, emails, gives, next, missing, due, forgotten, held };
  const { waiting, ...counts } = apply(world, id, plan, rules, renamed);
  return {
    counts: { records, skipped, failed, ...counts },
    warnings: [
      ...warnings,
      ...(waiting > 0 ? ["grace_begun"] : []),
      ...(due.size > 0 ? ["grace_over"] : []),
      ...(held.size > 0 ? ["archivings_held"] : []),
    ],
    spoiled,
  };
}

/**
 * "For every column but active: known users of this file whose value would be overwritten or cleared (filling an empty one
 * does not count), by the known users in the file. Above both limits"
 */
function spoiledColumns({ people }: World, good: Plan["good"], emails: Plan["emails"], { changes }: Rules): Value[] {
  if (changes.max_percent === 100) return [];
  const known = [...good].filter(([id]) => people.has(id));
  return VALUES.filter((name) => {
    const users = known.filter(([id, record]) => {
      const before = people.get(id)![name];
      return before !== null && before !== (name === "email" ? emails[id].email : stated(record[name], before));
    });
    return users.length > changes.min_users && users.length * 100 > known.length * changes.max_percent;
  });
}

function begun(id: number, { name, all }: Feed, rules: Rules): Import {
  const others = all.filter((other) => other !== name);
  return {
    id,
    feed: name,
    others,
    undone: false,
    undoneAfter: 0,
    hold: null,
    file: null,
    held: new Map(),
    created: 0,
    changes: new Map(),
    erased: 0,
    rules,
  };
}

const meaning = (value: string, { empty }: Rules) => value === "" && empty === "clear" ? "(clear)" : value;

/**
 * The effect that a value in a file has on a user: "" keeps the user's value, "(clear)" clears it. The first feed's
 * value takes precedence; later feeds only fill in empty values. If another feed names a person, the person's values
 * are never cleared, because that feed may have set them.
 */
function effective(value: string, before: string | null, person: Person | undefined, feed: Feed, rules: Rules) {
  const meant = meaning(value, rules);
  if (person === undefined || before === null || meant === "" || meant === before) {
    return { value: meant, isKept: false };
  }
  const named = feed.all.filter((other) => other !== feed.name && person.words.has(other));
  const isKept = meant === "(clear)"
    ? named.length > 0
    : named.some((other) => feed.all.indexOf(other) < feed.all.indexOf(feed.name));
  return { value: isKept ? "" : meant, isKept };
}

/** Returns each record's failures or accepted values. `taken_model.ts` models repeated and taken values. */
function judge({ people }: World, roster: Roster, feed: Feed, rules: Rules) {
  const { column, torn } = roster;
  const overruled = new Map<string, Value[]>();
  const heirs = heirsOf(people, roster);
  const records = roster.records.map((record) => {
    const person = people.get(heirs.todayOf(record.id));
    const meant = { ...record, city: meaning(record.city, rules), email: meaning(record.email, rules) };
    const changed = {
      ...record,
      raw: JSON.stringify({ ...meant, active: column && record.active, old: roster.olds && record.old }),
    };
    for (const name of VALUES) {
      const { value, isKept } = effective(record[name], person?.[name] ?? null, person, feed, rules);
      changed[name] = value;
      const isFirst = roster.records.find(({ id }) => id === record.id) === record;
      if (isKept && isFirst) overruled.set(record.id, [...overruled.get(record.id) ?? [], name]);
    }
    return changed;
  });
  const merged = new Set(heirs.merged.values());
  const users = [...people].map(([unique_id, { email, state }]) => ({
    unique_id,
    user_name: null,
    email,
    state: state === "archived" || merged.has(unique_id) ? "archived" as const : "active" as const,
  }));
  const returns = (at: number) => {
    const { id, active } = records[at], person = people.get(heirs.todayOf(id));
    return person?.state === "archived" &&
      nextState(person, column ? active : "", feed, rules, heirs.isActive({ people }, id)) === "active";
  };
  const outcome = expectedOutcome(
    users,
    records.map(({ id, email, bad, active, old: _, ...others }, at) => ({
      unique_id: heirs.todayOf(id) || `unreadable ${at}`,
      user_name: "",
      email,
      active: bad || id === "" || heirs.refused.has(id) ? "x" as const : "" as const,
      others: JSON.stringify([others, column && active]),
    })),
    returns,
  );
  const good = new Map<string, RosterRecord>();
  records.forEach((record, at) => {
    const isFirst = records.findIndex(({ id }) => id === record.id) === at;
    if (isFirst && !(at + 2 in outcome.failures)) {
      good.set(record.id, { ...record, active: column ? record.active : "" });
    }
  });
  const failed = Object.keys(outcome.failures).length + (torn ? 1 : 0);
  const gives = new Set(outcome.gives.map(([id]) => id));
  const emails = Object.fromEntries(
    Object.entries(outcome.users).map((
      [id, user],
    ) => [heirs.tomorrowOf(id, good), gives.has(id) ? people.get(id)! : user]),
  );
  const givers = new Set([...gives].map((id) => heirs.tomorrowOf(id, good)));
  return { good, heirs, emails, gives: givers, failed, skipped: outcome.skipped, overruled };
}

/**
 * Implements the table in docs/people.md#outcomes. Returns null if the record changes no data. `isHeir`: whether an
 * active user is merged into this user.
 */
function nextState(
  person: Person,
  active: RosterRecord["active"],
  feed: Feed,
  rules: Rules,
  isHeir: boolean,
): State | null {
  const { state, since } = person, { inactive, missing, days } = rules;
  if (active === "0" && inactive && days === 0) return state === "archived" ? null : "archived";
  if (active === "0") {
    return state === "active" || (inactive && state === "disabled" && since === null) ? "disabled" : null;
  }
  if (active === "1") return state === "active" ? null : "active";
  if (isHeir && state !== "active") return "active";
  // If other feeds list a user as inactive, the first feed that lists them as active restores access, even without an
  // `active` column.
  const isFirst = person.words.get(feed.name) !== true && others(person, feed, true).length === 0;
  if (state !== "active" && isFirst && others(person, feed, false).length > 0) return "active";
  return (state === "archived" || (state === "disabled" && since !== null)) && missing === "archive" ? "active" : null;
}

function findMissing({ people }: World, roster: Roster, good: Plan["good"], feed: Feed, { missing }: Rules) {
  if (missing === "keep") return { absent: [], kept: false };
  // If a unique_id could not be read, the file has a rosterd_* column or no records were applied, no user is archived as
  // missing and a warning is given.
  if (roster.torn || roster.records.some(({ id }) => id === "") || roster.own || good.size === 0) {
    return { absent: [], kept: true };
  }
  // Missing users: they were in an earlier file of this feed but are not in this one.
  const absent = [...people].filter(([id, { words }]) =>
    words.has(feed.name) && !roster.records.some((record) => record.id === id || (roster.olds && record.old === id))
  );
  return { absent: absent.map(([id]) => id), kept: false };
}

function holds(
  { people, imports, now }: World,
  losing: Set<string>,
  good: Plan["good"],
  feed: Feed,
  { guard }: Rules,
): boolean {
  if (guard.max_percent === 100 || losing.size === 0) return false;
  // While a hold is open, every later loss of access is also held.
  if (imports.some(({ hold, file }) => hold === "open" && file === null)) return true;
  // Losses from the last 24 hours also count, unless they were undone.
  const recent = (some: Import[]) =>
    some.filter(({ undone }) => !undone).flatMap(({ changes }) =>
      [...changes].filter(([, { lostAt }]) => lostAt !== null && now - lostAt < 24).map(([id]) => id)
    );
  const isAbove = (count: number, active: number) =>
    count > guard.min_users && count * 100 > active * guard.max_percent;
  // If there are several feeds, the guard also compares this feed's losses with the number of active users it names.
  if (feed.all.length > 1) {
    const ofFeed = new Set([...losing, ...recent(imports.filter((one) => one.feed === feed.name))]);
    const active = [...people].filter(([id, { state, words }]) =>
      state === "active" && (words.has(feed.name) || good.has(id))
    );
    if (isAbove([...ofFeed].filter((id) => people.has(id)).length, active.length)) return true;
  }
  const counted = new Set([...losing, ...recent(imports)]);
  // "Above max_percent of the users who were active before AND above min_users, in any login source or in all"
  return [null, ...new Set([...losing].map((id) => people.get(id)!.login_source))].some((source) => {
    const of = (ids: Iterable<string>) =>
      [...ids].map((id) => people.get(id)).filter((one) => one && (source === null || one.login_source === source));
    const active = of(people.keys()).filter((one) => one!.state === "active").length;
    return isAbove(of(counted).length, active);
  });
}

/** Users are left out if a later applied record keeps them active. */
function noteOtherwise(
  world: World,
  good: Plan["good"],
  { name }: Feed,
  { inactive }: Rules,
  importId: number,
): void {
  for (const { feed, hold, held } of world.imports) {
    if (hold !== "open") continue;
    for (const [id, one] of held) {
      const active = good.get(id)?.active;
      if (active === undefined) continue;
      const isOtherwise = feed === name
        ? active === "1" || (one.missing && !(active === "0" && inactive))
        : active !== "0";
      if (isOtherwise) one.otherwise.push(importId);
    }
  }
}

/** Counts missing users and all records except those that failed or were skipped. */
function apply(world: World, id: number, plan: Plan, rules: Rules, renamed: Map<string, Change>) {
  const { people } = world, { feed, good, heirs, emails, gives, next, missing, due, forgotten, held } = plan;
  const { inactive } = rules, done = begun(id, feed, rules);
  const counts = {
    created: 0,
    updated: 0,
    unchanged: 0,
    archived: 0,
    reactivated: 0,
    held: 0,
    missing_archived: 0,
    missing_held: 0,
    waiting: 0,
    renamed: renamed.size,
    merged: 0,
  };
  const archived: string[] = [], archivedAt = ++world.moments;
  const access = (state: State, waits = false): Access => ({
    state,
    archivedAt: state === "archived" ? archivedAt : null,
    since: waits ? momentOf(world, archivedAt) : null,
  });
  const hold = (id: string) => {
    const effect = next.get(id) === "archived" ? "archive" : "disable";
    done.held.set(id, { missing: missing.has(id), effect, otherwise: [] });
  };
  const move = (id: string, change: Change) => {
    const person = people.get(id)!, state = due.has(id) ? "archived" : next.get(id)!, before = accessOf(person);
    const waits = state === "disabled" && rules.days > 0 && (missing.has(id) || inactive);
    const after = access(state, waits);
    // A missing user who lost access through another feed continues to wait.
    if (waits && before.since !== null) Object.assign(after, before);
    else {
      change.access = [before, after];
      if (waits) counts.waiting++;
    }
    if (person.state === "active" && state !== "active") change.lostAt = world.now;
    if (state === "archived") archived.push(id);
    Object.assign(person, after);
  };

  for (const [id, record] of good) {
    const values = {
      login_source: stated(record.login_source, people.get(id)?.login_source ?? null),
      city: stated(record.city, people.get(id)?.city ?? null),
    };
    if (!people.has(id)) {
      const state = record.active !== "0" ? "active" : inactive ? "archived" : "disabled";
      const words = new Map([[feed.name, wordOf(record)]]);
      people.set(id, { ...values, email: emails[id].email, ...access(state), createdBy: done.id, words });
      if (state === "archived") archived.push(id);
      done.created = ++counts.created;
      continue;
    }
    const change = setValues(people.get(id)!, { ...values, email: emails[id].email }, renamed.get(id));
    change.absorbed = heirs.merged.get(id) ?? null;
    const before = people.get(id)!.state, after = held.has(id) ? undefined : next.get(id);
    if (held.has(id)) hold(id);
    if (after !== undefined) move(id, change);
    counts[outcomeOf(before, after, held.has(id), change)]++;
    say(people.get(id)!, feed.name, wordOf(record), change);
    if (change.word?.[1] === true) stopWaiting(people.get(id)!, change);
    if (change.access !== null || change.word !== null || hasValues(change)) {
      done.changes.set(id, change);
    }
  }
  for (const id of missing) {
    counts[held.has(id) ? "missing_held" : "missing_archived"]++;
    if (held.has(id)) {
      hold(id);
      continue;
    }
    const change = noChange();
    move(id, change);
    say(people.get(id)!, feed.name, people.get(id)!.state === "disabled" ? false : undefined, change);
    done.changes.set(id, change);
  }
  for (const id of due) {
    if (missing.has(id)) continue;
    counts.missing_archived++;
    const change = done.changes.get(id) ?? noChange();
    move(id, change);
    done.changes.set(id, change);
  }
  for (const id of forgotten) {
    const change = noChange();
    say(people.get(id)!, feed.name, undefined, change);
    done.changes.set(id, change);
  }
  for (const [into, from] of heirs.merged) {
    if (!good.has(into)) continue;
    counts.merged++;
    const change = noChange();
    change.access = [accessOf(people.get(from)!), access("archived")];
    Object.assign(people.get(from)!, access("archived"));
    say(people.get(from)!, feed.name, undefined, change);
    change.merged = merge(world, from, into);
    done.changes.set(from, change);
  }
  for (const id of gives) {
    const change = done.changes.get(id) ?? noChange();
    change.values.email = [people.get(id)!.email, null];
    people.get(id)!.email = null;
    done.changes.set(id, change);
  }
  if (done.held.size > 0) done.hold = "open";
  world.imports.push(done);
  return { ...counts, permits_released: releasePermits(world, archived, id) };
}

/** Combines the hour with a counter that tells events in the same hour apart. */
export function momentOf({ now }: World, moment: number): number {
  return now + moment * 1e-6;
}

/**
 * A user whom the feed now lists as active no longer waits, even if a record without `active` does not restore access.
 */
function stopWaiting(person: Person, change: Change): void {
  const before = accessOf(person);
  person.since = null;
  if (before.since !== null) change.access = [before, accessOf(person)];
}

const hasValues = ({ values, renamed, absorbed }: Change) =>
  Object.keys(values).length > 0 || renamed !== null || absorbed !== null;

/** Every record has exactly one of these outcomes. */
function outcomeOf(before: State, after: State | undefined, held: boolean, change: Change) {
  if (held) return "held";
  if (after === "archived") return "archived";
  if (after === "active" && before === "archived") return "reactivated";
  return after !== undefined || hasValues(change) ? "updated" : "unchanged";
}

/** Records what a feed says; undefined if the feed no longer includes the person. */
function say({ words }: Person, feed: string, word: Word | undefined, change: Change): void {
  const before = words.get(feed);
  if (before === word) return;
  change.word = [before, word];
  setWord(words, feed, word);
}

export function setWord(words: Map<string, Word>, feed: string, word: Word | undefined): void {
  if (word === undefined) words.delete(feed);
  else words.set(feed, word);
}

function stated(value: string, before: string | null): string | null {
  return value === "" ? before : value === "(clear)" ? null : value;
}

/** Only columns that differ are changed. */
function setValues(person: Person, values: Record<Value, string | null>, change = noChange()): Change {
  for (const name of VALUES) {
    if (person[name] === values[name]) continue;
    change.values[name] = [person[name], values[name]];
    person[name] = values[name];
  }
  return change;
}

/** The effect of `rosterd.release_permits`. */
export function releasePermits({ permits }: World, owners: readonly string[], by: number): number {
  const released = permits.filter(({ owner, status }) => status === "active" && owners.includes(owner ?? ""));
  for (const permit of released) Object.assign(permit, { status: "released", by });
  return released.length;
}
