import { DEFAULT_SETTINGS, type Settings } from "../domain/settings.ts";
import { openSettingsFile } from "../host/settings_file.ts";
import type { Invocation } from "./command.ts";

/** The settings in the file, or the defaults if it is missing. Does not create the file. */
export async function settingsInForce({ config, installation, clock, terminal }: Invocation): Promise<Settings> {
  const stored = await openSettingsFile(config.settings, clock).readIfThere();
  if (stored === null && installation.namedBy !== "command") {
    terminal.err(`rosterd: ${config.settings} does not exist: using the default settings`);
  }
  return stored?.settings ?? DEFAULT_SETTINGS;
}
