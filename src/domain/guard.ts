/**
 * The archive guard (contract, section 3, "Guard"): whether those who would lose `active` are held for a person's consent.
 * Pure: it is given the numbers, and answers with the reason in words.
 */
import type { Settings } from "./settings.ts";

type Guard = Settings["archive_guard"];

/** Users of one login source, or of all. */
export interface Losses {
  /** Null: of all login sources together. */
  login_source: string | null;
  /** Active before the import. */
  active: number;
  /** Those who would lose `active` by this import, and those who lost it in the last 24 hours; nobody twice. */
  counted: number;
  /** Of these, those by this import. */
  losing: number;
}

/** Whether the guard holds anything at all: 100 percent switches it off. */
export function guards({ max_percent }: Guard): boolean {
  return max_percent < 100;
}

/** Why the losses of an import are held, as a sentence without its end; null: they may happen. */
export function reasonToHold(guard: Guard, openHold: number | null, losses: readonly Losses[]): string | null {
  if (!guards(guard)) return null;
  if (openHold !== null) return `import ${openHold} is still held, and whatever comes after it waits with it`;
  const reasons = toldOnce(losses.filter((one) => isAbove(guard, one)).toSorted(byName));
  if (reasons.length === 0) return null;
  const more = reasons.length - MAX_REASONS;
  const sentences = reasons.slice(0, MAX_REASONS).map((one) => sentence(guard, one));
  return [...sentences, ...(more > 0 ? [`and so in ${more} more login sources`] : [])].join("; ");
}

/** So many are told in words. */
const MAX_REASONS = 5;

/** All together first. */
function byName(one: Losses, other: Losses): number {
  const [name, otherName] = [one.login_source ?? "", other.login_source ?? ""];
  return name < otherName ? -1 : name > otherName ? 1 : 0;
}

/** Where there is one login source, its losses are those of all: it is enough to name it. */
function toldOnce(sorted: readonly Losses[]): readonly Losses[] {
  const [all, ...sources] = sorted;
  const isAll = ({ counted, active }: Losses) => counted === all.counted && active === all.active;
  return all?.login_source === null && sources.some(isAll) ? sources : sorted;
}

/** Above both limits. In whole numbers, so that a tenth of 1,000 is not above 10 percent. */
function isAbove({ max_percent, min_users }: Guard, { active, counted, losing }: Losses): boolean {
  return losing > 0 && counted > min_users && counted * 100 > active * max_percent;
}

function sentence({ max_percent, min_users }: Guard, { login_source, active, counted, losing }: Losses): string {
  const where = login_source === null ? "of all login sources" : `of login source "${login_source}"`;
  const earlier = counted > losing ? `, ${counted - losing} of them in the last 24 hours already` : "";
  return `${where} ${counted} users would have lost access${earlier}, where ${active} are active: ` +
    `more than ${max_percent} percent and more than ${min_users} users`;
}
