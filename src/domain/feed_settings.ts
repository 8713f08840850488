/** Combines the settings of a feed with the settings for all feeds (docs/upload-folder.md#feeds). */
import { foldHeader } from "./columns.ts";
import { foldValue } from "./setting_values.ts";
import { mailConfigured, type Settings } from "./settings.ts";

/**
 * Returns the settings that apply to the files of a feed; "" is the upload folder itself. The feed's own values and
 * lists replace the common ones, and the entries of its objects are added to the common entries.
 */
export function settingsOf(settings: Settings, feed: string): Settings {
  const own = overrides(settings, feed);
  const maps = Object.entries(own.value_maps ?? {}).map(([column, map]) =>
    [column, overlaid(settings.value_maps[column] ?? {}, map, foldValue)] as const
  );
  return {
    ...settings,
    ...own,
    archive_guard: { ...settings.archive_guard, ...own.archive_guard },
    change_guard: { ...settings.change_guard, ...own.change_guard },
    header_aliases: overlaid(settings.header_aliases, own.header_aliases ?? {}, foldHeader),
    value_maps: { ...settings.value_maps, ...Object.fromEntries(maps) },
    defaults: { ...settings.defaults, ...own.defaults },
  };
}

/** Returns only the settings that the feed overrides. */
function overrides({ feeds }: Settings, feed: string): Settings["feeds"][string] {
  return Object.hasOwn(feeds, feed) ? feeds[feed] : {};
}

/** Merges entries. An entry of the feed replaces all common entries whose keys compare equal. */
function overlaid<T>(all: Record<string, T>, own: Record<string, T>, fold: (key: string) => string): Record<string, T> {
  const replaced = new Set(Object.keys(own).map(fold));
  return { ...Object.fromEntries(Object.entries(all).filter(([key]) => !replaced.has(fold(key)))), ...own };
}

/** Returns all feeds in the order of the settings. The upload folder itself, "", comes last. */
export function feedsOf(settings: Settings): string[] {
  return [...Object.keys(settings.feeds), ""];
}

/** Thrown for a feed that the settings do not define. */
export class UnknownFeed extends Error {
  override readonly name = "UnknownFeed";
}

/** Throws {@link UnknownFeed} if the feed is not in the settings. */
export function requireFeed(settings: Settings, feed: string): void {
  const feeds = feedsOf(settings);
  if (feeds.includes(feed)) return;
  const known = feeds.length === 1
    ? "no feeds are defined in the settings"
    : `the feeds are ${feeds.slice(0, -1).join(", ")}`;
  throw new UnknownFeed(`${JSON.stringify(feed)} is not a feed: ${known}`);
}

/** When the pause of a feed ends; null if it is not paused. */
export function pausedUntil(settings: Settings, feed: string, now: Date): Date | null {
  const until = new Date(overrides(settings, feed).paused_until ?? settings.paused_until);
  return until > now ? until : null;
}

/** Whether at least one feed has complete mail settings. */
export function anyMailConfigured(settings: Settings): boolean {
  return feedsOf(settings).some((feed) => mailConfigured(settingsOf(settings, feed)));
}
