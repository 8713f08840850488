/**
 * Decides whether an import that would take access away from many users needs approval (docs/people.md#archive-guard).
 */
import { counted, grouped } from "../runtime/grouped.ts";
import type { Losses } from "./decision.ts";
import type { Settings } from "./settings.ts";

/** The limits of a guard. The change guard (`change_guard.ts`) has the same kinds of limits as the archive guard. */
export type Guard = Settings["archive_guard"];

/** Whether the guard is on. A limit of 100 percent turns the guard off. */
export function guards({ max_percent }: Guard): boolean {
  return max_percent < 100;
}

/** Returns the losses that exceed both limits, with the total first. */
export function lossesToHold(guard: Guard, losses: readonly Losses[]): readonly Losses[] {
  return toldOnce(losses.filter((one) => isAbove(guard, one)).toSorted(byName));
}

/** The reason for the hold, without a final period; null if the import's losses of access are allowed. */
export function reasonToHold(guard: Guard, openHold: number | null, losses: readonly Losses[]): string | null {
  if (!guards(guard)) return null;
  if (openHold !== null) return `import ${openHold} still has an open hold, so later archivals are held too`;
  const reasons = lossesToHold(guard, losses);
  if (reasons.length === 0) return null;
  const more = reasons.length - MAX_REASONS;
  const sentences = reasons.slice(0, MAX_REASONS).map((one) => sentence(guard, one));
  return [
    ...sentences,
    ...(more > 0
      ? [`and ${counted(more, "more login source also exceeds", "more login sources also exceed")} the limits`]
      : []),
  ].join("; ");
}

const MAX_REASONS = 5;

/** Sorts losses: the total first, then the feed, then the login sources by name. */
function byName(one: Losses, other: Losses): number {
  const [name, otherName] = [one, other].map(({ feed, login_source }) =>
    login_source === null ? feed === null ? "0" : "1" : `2${login_source}`
  );
  return name < otherName ? -1 : name > otherName ? 1 : 0;
}

/** Removes the total or the feed if a later entry has the same numbers. */
function toldOnce(sorted: readonly Losses[]): readonly Losses[] {
  return sorted.filter(({ login_source, counted, active }, at) =>
    login_source !== null ||
    !sorted.slice(at + 1).some((later) => later.counted === counted && later.active === active)
  );
}

/**
 * Whether the losses exceed both limits. The comparison multiplies, because division could round 100 of 1,000 to more
 * than 10 percent.
 */
function isAbove({ max_percent, min_users }: Guard, { active, counted, losing }: Losses): boolean {
  return losing > 0 && counted > min_users && counted * 100 > active * max_percent;
}

/** The name of a feed, for use in a sentence. */
function feedWords(feed: string): string {
  return feed === "" ? "the feed without a name" : `feed "${feed}"`;
}

function sentence({ max_percent, min_users }: Guard, losses: Losses): string {
  const { feed, login_source, active, counted, losing } = losses;
  const where = login_source !== null
    ? `login source "${login_source}"`
    : feed === null
    ? "all login sources together"
    : feedWords(feed);
  const have = login_source === null && feed === null ? "have" : "has";
  const earlier = counted > losing ? `, including ${grouped(counted - losing)} who lost it in the last 24 hours` : "";
  return `${where} ${have} ${grouped(active)} active users, and ${
    grouped(counted)
  } would have lost access${earlier}: ` +
    `more than ${max_percent} percent and more than ${grouped(min_users)} users`;
}
