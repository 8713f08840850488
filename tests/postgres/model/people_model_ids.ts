/** Models records that specify their user's old id (docs/people.md#new-ids). See `people_model.ts`. */
import type { Change, Person, Roster, World } from "./people_model.ts";

export interface Heirs {
  /** Maps new ids to old ids, both for the users to rename and for the users to merge. */
  renamed: Map<string, string>;
  merged: Map<string, string>;
  /** The ids whose records fail. */
  refused: Set<string>;
  /** The id that the record's user had before the import. */
  todayOf(id: string): string;
  /** The id that the user has after the import. `good`: the applied records, by id. */
  tomorrowOf(id: string, good: ReadonlyMap<string, unknown>): string;
  /** Whether an active user is merged into this one. */
  isActive(world: Pick<World, "people">, id: string): boolean;
}

export function heirsOf(people: ReadonlyMap<string, Person>, { records, olds }: Roster): Heirs {
  const renamed = new Map<string, string>(), merged = new Map<string, string>(), refused = new Set<string>();
  records.forEach(({ id, old, bad }, at) => {
    if (!olds || old === "" || id === "" || old === id) return;
    if (records.findIndex((record) => record.id === id) !== at) return;
    // A record fails with 9022 if its old id occurs twice or also has a record of its own.
    const hasRecord = records.some((record) => record.id === old);
    const isTwice = people.has(old) &&
      records.some((record) => record.old === old && record.id !== "" && record.id !== id && record.id !== old);
    if (hasRecord || isTwice) return void refused.add(id);
    if (bad || !people.has(old)) return;
    if (!people.has(id)) renamed.set(id, old);
    else if (people.get(old)!.state !== "archived") merged.set(id, old);
  });
  const newIds = new Map([...renamed].map(([to, from]) => [from, to]));
  return {
    renamed,
    merged,
    refused,
    todayOf: (id) => renamed.get(id) ?? id,
    tomorrowOf: (id, good) => good.has(newIds.get(id) ?? "") ? newIds.get(id)! : id,
    isActive: ({ people }, id) => people.get(merged.get(id) ?? "")?.state === "active",
  };
}

/** A renamed user's permits, feeds and history move to the new id. */
export function rename(world: World, from: string, to: string): Change["renamed"] {
  const imports = moveHistory(world, from, to, () => true);
  moveUser(world, from, to);
  return { from, to, imports };
}

function moveUser({ people, permits }: World, from: string, to: string): void {
  people.set(to, people.get(from)!);
  people.delete(from);
  for (const permit of permits) if (permit.owner === from) permit.owner = to;
}

/**
 * An import's entry is not moved if the import already has one for the new id. Returns the imports whose entries were
 * moved.
 */
function moveHistory({ imports }: World, from: string, to: string, isMoved: (id: number) => boolean): number[] {
  const moved: number[] = [];
  for (const { id, changes, held } of imports.filter(({ id }) => isMoved(id))) {
    const isMoved = [moveKey(changes, from, to), moveKey(held, from, to)].some((one) => one);
    if (isMoved) moved.push(id);
  }
  return moved;
}

function moveKey<T>(map: Map<string, T>, from: string, to: string): boolean {
  if (!map.has(from) || map.has(to)) return false;
  map.set(to, map.get(from)!);
  map.delete(from);
  return true;
}

/** A merged user's active permits move to the new id. */
export function merge({ permits }: World, from: string, into: string): Change["merged"] {
  const moved = permits.filter(({ owner, status }) => owner === from && status === "active");
  for (const permit of moved) permit.owner = into;
  return { into, permits: moved.map(({ id }) => id) };
}

/** Returns unchanged permits to merged users. `keepers`: the users who remain archived. */
export function unmerge(world: World, changes: ReadonlyMap<string, Change>, keepers: ReadonlySet<string>) {
  let restored = 0;
  const left: string[] = [];
  for (const [id, { merged }] of changes) {
    if (merged === null || keepers.has(id)) continue;
    for (const permit of world.permits.filter(({ id }) => merged.permits.includes(id))) {
      const isSame = permit.owner === merged.into && permit.status === "active";
      if (!isSame) left.push(`${permit.owner ?? ""}: permit "${permit.no ?? ""}" stays as it is: it has changed since`);
      else {
        permit.owner = id;
        restored++;
      }
    }
  }
  return { restored, left };
}

/** Returns the reason why a renamed user keeps the new id, or null. */
export function staysRenamed({ people }: World, id: string, { renamed }: Change): string | null {
  if (renamed === null) return null;
  if (!people.has(id)) return "the user no longer exists";
  return people.has(renamed.from) ? `unique_id is now taken by user "${renamed.from}"` : null;
}

export function unrename(world: World, id: string, { renamed }: Change, importId: number): void {
  const { from, imports } = renamed!;
  moveUser(world, id, from);
  moveHistory(world, id, from, (one) => one >= importId || imports.includes(one));
}
