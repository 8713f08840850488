/** The flag `--feed`. */
import { isFeedName } from "../domain/settings.ts";
import { type Invocation, WrongUsage } from "./command.ts";

/** Returns the feed; "" if the flag is absent. The caller must check that the settings have the feed. */
export function feedOf(flags: Invocation["flags"]): string {
  const feed = flags.feed;
  if (feed === undefined) return "";
  if (typeof feed === "string" && isFeedName(feed)) return feed;
  throw new WrongUsage(`--feed must be the name of a feed, not ${JSON.stringify(feed)}`);
}
