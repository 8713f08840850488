/** Models decisions on imports (docs/people.md#hold, docs/people.md#undo). See `people_model.ts`. */
import {
  type Access,
  accessOf,
  type Change,
  type Feed,
  type Import,
  importRoster,
  momentOf,
  noChange,
  releasePermits,
  type Rules,
  setWord,
  sorted,
  type Value,
  type World,
} from "./people_model.ts";
import { staysRenamed, unmerge, unrename } from "./people_model_ids.ts";

/** Why a decision is refused. */
export type Refusal = { refused: string };

/** The users who are left out, in order, as "unique_id: reason". */
type LeftOut = { left_out: string[] };

export function approve(world: World, done: Import): Refusal | LeftOut & Record<string, unknown> {
  const refusal = demandOpen(done);
  if (refusal !== null) return refusal;
  const archivedAt = ++world.moments;
  const effects = { archive: [] as string[], disable: [] as string[] }, stayed: string[] = [];
  for (const [id, { effect, otherwise, missing }] of sorted(done.held)) {
    const person = world.people.get(id);
    const other = world.imports.filter((one) => otherwise.includes(one.id) && !one.undone).at(-1);
    const reason = person === undefined
      ? "the user no longer exists"
      : other !== undefined
      ? `a later roster says otherwise (import ${other.id}, "roster.csv")`
      : done.others.some((feed) => person.words.get(feed) === true)
      ? "another feed calls the user active"
      : person.state === "archived"
      ? "the user is already archived"
      : effect === "disable" && person.state === "disabled"
      ? "the user is no longer active"
      : null;
    if (reason !== null) stayed.push(`${id}: ${reason}`);
    else {
      const change = done.changes.get(id) ?? noChange(), { words } = person!, { days, inactive } = done.rules;
      const waits = effect === "disable" && days > 0 && (missing || inactive);
      // The feed no longer names these users.
      if (missing && words.has(done.feed)) {
        change.word = [words.get(done.feed), waits ? false : undefined];
        setWord(words, done.feed, change.word[1]);
      }
      const after: Access = effect === "archive"
        ? { state: "archived", archivedAt, since: null }
        : { state: "disabled", archivedAt: null, since: waits ? momentOf(world, archivedAt) : null };
      done.changes.set(id, change);
      change.access = [accessOf(person!), after];
      change.lostAt = person!.state === "active" ? world.now : null;
      Object.assign(person!, after);
      effects[effect].push(id);
    }
  }
  done.hold = "approved";
  const permits_released = releasePermits(world, effects.archive, done.id);
  return { archived: effects.archive.length, disabled: effects.disable.length, permits_released, left_out: stayed };
}

export function discard(_: World, done: Import): Refusal | LeftOut & Record<string, unknown> {
  const refusal = demandOpen(done);
  if (refusal !== null) return refusal;
  done.hold = "discarded";
  return { discarded: done.held.size, left_out: [] };
}

/**
 * Applies a held file with the current settings. `feed` and `rules`: null if the settings no longer contain the file's
 * feed.
 */
export function approveFile(
  world: World,
  held: Import,
  id: number,
  now: { feed: Feed; rules: Rules } | null,
): Refusal | LeftOut & Record<string, unknown> {
  const refusal = demandOpen(held);
  if (refusal !== null) return refusal;
  if (now === null) return { refused: "no_such_feed" };
  const { roster, columns } = held.file!;
  const { counts, spoiled } = importRoster(world, id, now.feed, roster, now.rules, held);
  if (spoiled.length > 0) {
    columns.push(...spoiled);
    return { refused: "more_changes" };
  }
  held.hold = "approved";
  const applied = Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  return { archived: 0, disabled: 0, permits_released: 0, left_out: [], applied };
}

function demandOpen({ hold }: Import): Refusal | null {
  if (hold === "open") return null;
  return { refused: hold === null ? "nothing_held" : "hold_is_over" };
}

/**
 * Only the latest import that changed users and has not been undone can be undone. Any other import results in a 409.
 */
function demandLatest({ imports }: World, done: Import): Refusal | null {
  if (done.undone) return { refused: "undone_already" };
  const latest = imports.filter(({ undone, created, changes, erased }) =>
    !undone && created + changes.size + erased > 0
  ).at(-1);
  if (latest === done) return null;
  return { refused: latest === undefined || latest.id < done.id ? "nothing_changed" : "not_the_latest" };
}

/** A value to restore, or the reason why the current value stays. */
interface Going {
  id: string;
  name: Value;
  before: string | null;
  stays: string | null;
}

export function undo(world: World, done: Import): Refusal | LeftOut & Record<string, unknown> {
  const refusal = demandLatest(world, done);
  if (refusal !== null) return refusal;
  const { people } = world;
  const values = goingValues(world, done);
  const states = [...done.changes].filter(([, { access }]) => access !== null).map(([id, change]) => ({
    id,
    before: change.access![0],
    stays: staysAccess(world, id, change),
  }));
  const words = [...done.changes].filter(([, { word }]) => word !== null).map(([id, { word }]) => ({
    id,
    before: word![0],
    stays: staysWord(world, done, id, word![1]),
  }));
  putBackEmails(world, done, values);
  const ids = [...done.changes].filter(([, { renamed }]) => renamed !== null).map(([id, change]) => ({
    id,
    change,
    stays: staysRenamed(world, id, change),
  }));
  for (const { id, before, stays } of words) if (stays === null) setWord(people.get(id)!.words, done.feed, before);
  for (const { id, name, before, stays } of values) if (stays === null) people.get(id)![name] = before;
  for (const { id, before, stays } of states) if (stays === null) Object.assign(people.get(id)!, before);

  // Users whom the import created are archived.
  const archivedAt = ++world.moments;
  const created = [...people].filter(([, { createdBy }]) => createdBy === done.id);
  const archived = created.filter(([, { state }]) => state !== "archived");
  for (const [, person] of archived) Object.assign(person, { state: "archived", archivedAt, since: null });
  for (const [, { words }] of created) words.delete(done.feed);

  const staying = states.filter(({ id, stays }) =>
    stays !== null && (people.get(id)?.state ?? "archived") === "archived"
  );
  const keepers = new Set([...staying, ...created.map(([id]) => ({ id }))].map(({ id }) => id));
  const released = restorePermits(world, done, keepers), merged = unmerge(world, done.changes, keepers);
  const permits_restored = released + merged.restored;
  for (const { id, change, stays } of ids) if (stays === null) unrename(world, id, change, done.id);
  const left_out = [...values, ...states, ...words, ...ids].flatMap(({ id, stays }) =>
    stays === null ? [] : [`${id}: ${stays}`]
  );
  for (const { owner, no, status } of world.permits.filter(({ by }) => by === done.id)) {
    const why = status === "released"
      ? "released: another active permit has its number"
      : "as it is: it has changed since";
    left_out.push(`${owner ?? ""}: permit "${no ?? ""}" stays ${why}`);
  }
  left_out.push(...merged.left);
  const back = [...values, ...states, ...ids].filter(({ stays }) => stays === null).map(({ id }) => id);
  done.undone = true;
  done.undoneAfter = world.imports.at(-1)!.id;
  if (done.hold === "open") done.hold = "discarded";
  return {
    restored: new Set(back).size,
    archived: archived.length,
    permits_restored,
    permits_released: releasePermits(world, created.map(([id]) => id), done.id),
    left_out: [...new Set(left_out), ...Array(done.erased).fill(": the user has been erased")].sort(),
  };
}

/** Every other value is restored unless it has changed since the import. */
function goingValues({ people }: World, { changes }: Import): Going[] {
  return [...changes].flatMap(([id, { values }]) =>
    (Object.entries(values) as [Value, [string | null, string | null]][]).map(([name, [before, after]]) => {
      const person = people.get(id);
      const same = person?.[name] === after;
      const stays = person === undefined ? "the user no longer exists" : same ? null : `${name} has changed since`;
      return { id, name, before, stays };
    })
  );
}

function staysWord({ people }: World, { feed }: Import, id: string, after: boolean | undefined): string | null {
  const person = people.get(id);
  if (person === undefined) return "the user no longer exists";
  return person.words.get(feed) === after ? null : "what the feed says has changed since";
}

function staysAccess({ people }: World, id: string, { access }: Change): string | null {
  const person = people.get(id), [before, after] = access!;
  if (person === undefined) return "the user no longer exists";
  const same = person.state === after.state && person.archivedAt === after.archivedAt &&
    (before.since === after.since || person.since === after.since);
  return same ? null : "active has changed since";
}

/**
 * An email address is not restored while another user has it and is keeping it. Users whom the import created give up
 * their email addresses.
 */
function putBackEmails({ people }: World, done: Import, values: Going[]): void {
  const emails = values.filter(({ name, before }) => name === "email" && before !== null);
  const leaves = (id: string) => values.some((one) => one.id === id && one.name === "email" && one.stays === null);
  for (let refused = true; refused;) {
    refused = false;
    for (const going of emails.filter(({ stays }) => stays === null)) {
      const owner = sorted(people).find(([id, { email }]) => id !== going.id && email === going.before);
      if (owner === undefined || leaves(owner[0]) || owner[1].createdBy === done.id) continue;
      going.stays = `email is now taken by user "${owner[0]}"`;
      refused = true;
    }
  }
  const wanted = new Set(emails.filter(({ stays }) => stays === null).map(({ before }) => before));
  for (const person of people.values()) {
    if (person.createdBy === done.id && wanted.has(person.email)) person.email = null;
  }
}

/**
 * The effect of `rosterd.restore_permits`: "A permit is free to come back while no other active row bears its
 * permit_no."
 */
function restorePermits({ permits }: World, done: Import, keepers: Set<string>): number {
  for (const permit of permits) {
    if (permit.by === done.id && keepers.has(permit.owner ?? "")) permit.by = null;
  }
  let restored = 0;
  for (const permit of permits) {
    if (permit.by !== done.id || permit.status !== "released") continue;
    if (permit.no !== null && permits.some(({ no, status }) => status === "active" && no === permit.no)) continue;
    Object.assign(permit, { status: "active", by: null });
    restored++;
  }
  return restored;
}

/** Erases a user (docs/people.md#erasure). Returns null for an unknown user. */
export function erase(world: World, id: string): Refusal | null | "erased" {
  const { people, permits, imports } = world, person = people.get(id);
  if (person === undefined) return null;
  if (person.state === "active") return { refused: "active" };
  const own = permits.filter(({ owner }) => owner === id);
  if (own.some(({ status }) => status === "active")) return { refused: "active_permit" };
  for (const permit of own) Object.assign(permit, { owner: null, by: null });
  const names = namesOf(imports, id);
  for (const one of imports) {
    const its = names.filter(({ first, last }) => first <= one.id && one.id <= last).map(({ name }) => name);
    const gone = new Set(its.filter((name) => one.changes.delete(name)));
    if (person.createdBy === one.id) gone.add(id);
    one.erased += gone.size;
    for (const name of its) one.held.delete(name);
    // "what imports recorded about other users because of them"
    for (const change of one.changes.values()) {
      if (its.includes(change.merged?.into ?? "")) change.merged = null;
      if (its.includes(change.absorbed ?? "")) change.absorbed = null;
    }
  }
  people.delete(id);
  return "erased";
}

/** A user's ids, each with the first and last imports in which it belonged to the user. */
function namesOf(imports: readonly Import[], id: string): { name: string; first: number; last: number }[] {
  const renames = imports.flatMap((one) => {
    const renamed = one.changes.get(id)?.renamed ?? null;
    return renamed === null ? [] : [{ ...one, renamed }];
  });
  return [
    { name: id, first: 0, last: Infinity },
    ...renames.map((one) => ({ name: one.renamed.from, first: 0, last: one.id })),
    ...renames.filter(({ undone }) => undone).map(({ id: first, renamed: { to: name }, undoneAfter: last }) => ({
      name,
      first,
      last,
    })),
  ];
}
