/** Changes the settings through the running service, or in their file if no service is running. */
import { maskSettings, type Settings } from "../domain/settings.ts";
import { openSettingsFile, type SettingsFile } from "../host/settings_file.ts";
import { noAccess, type ServiceClient } from "./access.ts";
import type { Invocation } from "./command.ts";
import { operatingSystemUser } from "./operating_system_user.ts";

/** Applies an RFC 7396 merge patch. Returns the settings with secrets masked. */
export async function changeFile(invocation: Invocation, patch: object): Promise<Settings> {
  const { file } = await ownFile(invocation);
  return maskSettings((await file.patch(patch, undefined, operatingSystemUser())).settings);
}

/** Applies an RFC 7396 merge patch. Returns the settings with secrets masked. */
export async function changeOver(service: ServiceClient, patch: object): Promise<Settings> {
  const body = { type: "application/merge-patch+json", content: JSON.stringify(patch) };
  return await service.ask("PATCH", "/settings", body) as Settings;
}

/**
 * Opens the settings file, for use while no service is running. Throws NoAccess if the file is missing; never creates
 * it.
 */
export async function ownFile(invocation: Invocation): Promise<{ file: SettingsFile; settings: Settings }> {
  const { config, clock, terminal } = invocation;
  const file = openSettingsFile(config.settings, clock);
  const stored = await file.readIfThere();
  if (stored === null) throw noAccess(invocation);
  terminal.err(`rosterd: no service is running: using the file ${config.settings}`);
  return { file, settings: stored.settings };
}
