/** The settings for a command that works without the service: of the file, or the defaults. Makes no file. */
import { DEFAULT_SETTINGS, type Settings } from "../domain/settings.ts";
import { openSettingsFile } from "../host/settings_file.ts";
import type { Invocation } from "./command.ts";

export async function settingsInForce({ config, installation, clock, terminal }: Invocation): Promise<Settings> {
  const stored = await openSettingsFile(config.settings, clock).readIfThere();
  if (stored === null && installation.namedBy !== "command") {
    terminal.err(`rosterd: there is no ${config.settings}: the default settings are used`);
  }
  return stored?.settings ?? DEFAULT_SETTINGS;
}
