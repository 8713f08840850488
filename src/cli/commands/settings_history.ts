/** `rosterd settings history`: lists the changes to settings, with their times and authors. */
import type { SettingsHistoryPage } from "../../domain/stored_settings.ts";
import { printable } from "../../runtime/log.ts";
import { findService } from "../access.ts";
import { ownFile } from "../change_settings.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import { localTime } from "../local_time.ts";
import { wholeNumber } from "../whole_number.ts";

export const settingsHistoryCommand: Command = {
  words: "settings history",
  flags: { ...JSON_FLAG, limit: { value: "N", help: "list at most N changes (20)" } },
  summary: "list who changed which setting, newest first",
  help: "Lists the changes to the settings with old and new values, newest first. Secrets are shown as ***.",
  run: runHistory,
};

const HOW = { http: "over HTTP", command: "by command", file: "manually in the file" };

async function runHistory(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const limit = wholeNumber(String(flags.limit ?? 20), "--limit", 200);
  const service = await findService(invocation);
  const page = service === null
    ? await (await ownFile(invocation)).file.history(limit)
    : await service.ask("GET", `/settings/history?limit=${limit}`) as SettingsHistoryPage;
  if (flags.json) terminal.out(JSON.stringify(page, null, 2));
  else if (page.changes.length === 0) terminal.out("no changes yet");
  else {
    for (const { at, how, by, changes } of page.changes) {
      const who = by === null ? "" : ` by ${printable(by)}`;
      terminal.out(`${terminal.paint.faint(localTime(at))}  changed ${HOW[how]}${who}`);
      for (const { key, from, to } of changes) terminal.out(`  ${printable(key)}: ${shown(from)} → ${shown(to)}`);
    }
  }
  return EXIT.ok;
}

function shown(value: unknown): string {
  return value === undefined ? "not set" : printable(JSON.stringify(value));
}
