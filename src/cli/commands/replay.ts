/**
 * `rosterd imports replay`: re-imports rosters in `bak` that the database does not know (docs/reliability.md#restore).
 */
import { feedPath } from "../../domain/feed.ts";
import type { MissingRoster, Replayed } from "../../domain/missing_roster.ts";
import { counted } from "../../runtime/grouped.ts";
import { printable } from "../../runtime/log.ts";
import { requireService } from "../access.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";
import { localTime } from "../local_time.ts";
import { timeFlag } from "../time_flag.ts";

export const replayCommand: Command = {
  words: "imports replay",
  flags: {
    ...JSON_FLAG,
    since: { value: "DATE", help: "include only rosters that were imported on or after this date or time" },
    "dry-run": { value: null, help: "only list the rosters" },
    dismiss: { value: null, help: "mark all missing rosters as known and clear the warning" },
  },
  summary: "import the rosters in bak that the database does not know",
  help:
    "After a restore, or after a failover that lost the last commits, bak has rosters that the database does not\n" +
    "know. Makes the running service import them, oldest first. A roster that is older than the newest one applied to\n" +
    "its feed is left out and listed, because it would bring back old values.",
  run: runReplay,
};

async function runReplay(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation, isDryRun = flags["dry-run"] === true;
  if (flags.dismiss === true && (isDryRun || flags.since !== undefined)) {
    throw new WrongUsage("--dismiss cannot be combined with --since or --dry-run");
  }
  const service = await requireService(invocation);
  const query = new URLSearchParams({
    ...(flags.dismiss === true ? { dismiss: "true" } : {}),
    ...(isDryRun ? { dry_run: "true" } : {}),
    ...(flags.since === undefined ? {} : { since: timeFlag(String(flags.since), "--since") }),
  });
  const result = await service.ask("POST", `/imports/replay?${query}`) as Replayed;
  if (flags.json) terminal.out(JSON.stringify(result, null, 2));
  else {
    const done = flags.dismiss === true ? "declared known" : isDryRun ? "would be imported again" : "imported again";
    terminal.out(`${counted(result.rosters.length, "roster")} ${done}`);
    for (const roster of result.rosters) terminal.out(`  ${rosterWords(roster)}`);
    for (const roster of result.left_out) {
      terminal.out(terminal.paint.warning(`  left out: ${rosterWords(roster)}: ${roster.reason}`));
    }
    if (!isDryRun && flags.dismiss !== true && result.rosters.length > 0) {
      terminal.out('run "rosterd imports" to see the results');
    }
  }
  return EXIT.ok;
}

function rosterWords({ feed, file, imported_at }: MissingRoster): string {
  return `${printable(feedPath(feed, file))}, first imported ${localTime(imported_at)}`;
}
