/** The status of each feed: its folder, its last file, when the next file is expected, and which files are waiting. */
import type { Settings } from "../domain/settings.ts";
import { pausedUntil, settingsOf } from "../domain/feed_settings.ts";
import type { StatusDocument } from "../http/service.ts";
import { noFeedTotals, type Totals } from "../postgres/history/history.ts";
import { type FeedState, pendingFiles, usability } from "./state.ts";

const HOUR_MS = 3_600_000;

type FeedStatus = StatusDocument["feeds"][number];

export function feedStatus(state: FeedState, settings: Settings, { feeds }: Totals, now: Date): FeedStatus {
  const { feed, unavailableReason } = state, { apply, expected_every_hours } = settingsOf(settings, feed);
  const { last, openHolds, heldUsers } = feeds[feed] ?? noFeedTotals();
  const paused = pausedUntil(settings, feed, now);
  const isExpected = expected_every_hours > 0 && last !== null && paused === null;
  return {
    name: feed,
    ...usability(unavailableReason),
    apply,
    paused_until: paused?.toISOString() ?? null,
    pending: pendingFiles(state).length,
    open_holds: openHolds,
    held_users: heldUsers,
    last_import: last,
    expected_at: isExpected
      ? new Date(Date.parse(last.finished_at) + expected_every_hours * HOUR_MS).toISOString()
      : null,
  };
}
