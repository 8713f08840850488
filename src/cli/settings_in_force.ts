import { DEFAULT_SETTINGS, type Settings } from "../domain/settings.ts";
import { requireFeed, settingsOf } from "../domain/feed_settings.ts";
import { openSettingsFile } from "../host/settings_file.ts";
import type { FeedSettings } from "../importer/ports.ts";
import type { Invocation } from "./command.ts";
import { feedOf } from "./feed_flag.ts";

/** The settings in the file, or the defaults if the file is missing. Does not create the file. */
export async function settingsInForce({ config, installation, clock, terminal }: Invocation): Promise<Settings> {
  const stored = await openSettingsFile(config.settings, clock).readIfThere();
  if (stored === null && installation.namedBy !== "command") {
    terminal.err(`rosterd: ${config.settings} does not exist: using the default settings`);
  }
  return stored?.settings ?? DEFAULT_SETTINGS;
}

/** The settings that apply to the feed in `--feed`. Throws {@link UnknownFeed}. */
export async function feedInForce(invocation: Invocation): Promise<FeedSettings> {
  const feed = feedOf(invocation.flags), settings = await settingsInForce(invocation);
  requireFeed(settings, feed);
  return { feed, settings: settingsOf(settings, feed) };
}
