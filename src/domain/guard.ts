/** Decides whether users who would lose `active` wait for approval (docs/people.md#archive-guard). Pure. */
import { grouped } from "../runtime/grouped.ts";
import type { Settings } from "./settings.ts";

type Guard = Settings["archive_guard"];

export interface Losses {
  /** Null for all login sources together. */
  login_source: string | null;
  /** Active before the import. */
  active: number;
  /** Users who would lose `active` by this import or lost it in the last 24 hours, each counted once. */
  counted: number;
  /** Those of them who would lose it by this import. */
  losing: number;
}

/** 100 percent switches the guard off. */
export function guards({ max_percent }: Guard): boolean {
  return max_percent < 100;
}

/** Why the losses of an import are put on hold, without a period; null if they may happen. */
export function reasonToHold(guard: Guard, openHold: number | null, losses: readonly Losses[]): string | null {
  if (!guards(guard)) return null;
  if (openHold !== null) return `import ${openHold} is still on hold, and later archivals wait with it`;
  const reasons = toldOnce(losses.filter((one) => isAbove(guard, one)).toSorted(byName));
  if (reasons.length === 0) return null;
  const more = reasons.length - MAX_REASONS;
  const sentences = reasons.slice(0, MAX_REASONS).map((one) => sentence(guard, one));
  return [
    ...sentences,
    ...(more > 0 ? [`and the same in ${more} more login ${more === 1 ? "source" : "sources"}`] : []),
  ].join("; ");
}

const MAX_REASONS = 5;

/** The total comes first. */
function byName(one: Losses, other: Losses): number {
  const [name, otherName] = [one.login_source ?? "", other.login_source ?? ""];
  return name < otherName ? -1 : name > otherName ? 1 : 0;
}

/** With one login source the total says the same, so only the source is named. */
function toldOnce(sorted: readonly Losses[]): readonly Losses[] {
  const [all, ...sources] = sorted;
  const isAll = ({ counted, active }: Losses) => counted === all.counted && active === all.active;
  return all?.login_source === null && sources.some(isAll) ? sources : sorted;
}

/** Above both limits. Counts in whole numbers, so that 100 of 1,000 is not above 10 percent. */
function isAbove({ max_percent, min_users }: Guard, { active, counted, losing }: Losses): boolean {
  return losing > 0 && counted > min_users && counted * 100 > active * max_percent;
}

function sentence({ max_percent, min_users }: Guard, { login_source, active, counted, losing }: Losses): string {
  const where = login_source === null ? "all login sources together" : `login source "${login_source}"`;
  const have = login_source === null ? "have" : "has";
  const earlier = counted > losing ? `, ${grouped(counted - losing)} of them in the last 24 hours` : "";
  return `${where} ${have} ${grouped(active)} active users, and ${
    grouped(counted)
  } would have lost access${earlier}: ` +
    `more than ${max_percent} percent and more than ${grouped(min_users)} users`;
}
