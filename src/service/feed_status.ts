/**
 * The status of each feed: its folder, its last file, the time when the next file is expected, and the waiting files.
 */
import type { Settings } from "../domain/settings.ts";
import { pausedUntil, settingsOf } from "../domain/feed_settings.ts";
import type { StatusDocument } from "../http/service.ts";
import { MAX_WAITING_NAMED, noFeedTotals, type Totals, type Waiting } from "../postgres/history/history.ts";
import { type FeedState, pendingFiles, usability } from "./state.ts";

const HOUR_MS = 3_600_000, DAY_MS = 24 * HOUR_MS;

type FeedStatus = StatusDocument["feeds"][number];

export function feedStatus(state: FeedState, settings: Settings, { feeds }: Totals, now: Date): FeedStatus {
  const { feed, unavailableReason } = state,
    { apply, expected_every_hours, release_permits_after_days } = settingsOf(settings, feed);
  const { last, openHolds, heldUsers, waiting } = feeds[feed] ?? noFeedTotals();
  const paused = pausedUntil(settings, feed, now);
  const isExpected = expected_every_hours > 0 && last !== null && paused === null;
  return {
    name: feed,
    ...usability(unavailableReason),
    apply,
    paused_until: paused?.toISOString() ?? null,
    bak: state.bak,
    pending: pendingFiles(state).length,
    open_holds: openHolds,
    held_users: heldUsers,
    last_import: last,
    expected_at: isExpected
      ? new Date(Date.parse(last.finished_at) + expected_every_hours * HOUR_MS).toISOString()
      : null,
    grace: waiting.length === 0 ? null : graceOf(waiting, release_permits_after_days, now),
  };
}

/** `waiting`: the users who are waiting to be archived, longest wait first. */
function graceOf(waiting: readonly Waiting[], days: number, now: Date): FeedStatus["grace"] {
  const count = (some: readonly Waiting[]) => some.reduce((sum, { users }) => sum + users, 0);
  const isOver = ({ since }: Waiting) => Date.parse(since) + days * DAY_MS <= now.getTime();
  const end = (since: string) => new Date(Date.parse(since) + days * DAY_MS).toISOString();
  return {
    waiting: count(waiting),
    due: count(waiting.filter(isOver)),
    next_at: end(waiting[0].since),
    users: waiting.flatMap(({ since, first }) => first.map((unique_id) => ({ unique_id, archived_after: end(since) })))
      .slice(0, MAX_WAITING_NAMED),
  };
}
