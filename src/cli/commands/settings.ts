/** `rosterd settings get` and `settings set`: through the same validation and lock as HTTP. */
import { maskSettings, type Settings } from "../../domain/settings.ts";
import { openSettingsFile } from "../../host/settings_file.ts";
import { patchFromAssignments } from "../../host/settings_change.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";

export const settingsGetCommand: Command = {
  words: "settings get",
  operands: "[KEY]",
  least: 0,
  most: 1,
  flags: JSON_FLAG,
  summary: "print the settings, or one of them",
  help: "Prints the settings, or the one named: smtp.host. Secrets are shown as ***.",
  run: runGet,
};

export const settingsSetCommand: Command = {
  words: "settings set",
  operands: "KEY=VALUE…",
  least: 1,
  most: Infinity,
  flags: JSON_FLAG,
  summary: "change settings",
  help:
    "Changes settings, all of them or none: interval_minutes=10 smtp.host=mail.example.edu 'login_sources=[\"ldap\"]'.\n" +
    "A value is JSON or plain text; null means the default. A running service takes them up at once or within seconds.",
  run: runSet,
};

async function runGet({ config, operands: [key], flags, terminal, clock }: Invocation): Promise<number> {
  const { settings } = await openSettingsFile(config.settings, clock).read();
  const shown = maskSettings(settings);
  const value = key === undefined ? shown : valueAt(shown, key);
  const plain = typeof value === "string" && !flags.json;
  terminal.out(plain ? value : JSON.stringify(value, null, 2));
  return EXIT.ok;
}

function valueAt(settings: Settings, key: string): unknown {
  let value: unknown = settings;
  for (const part of key.split(".")) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject || !Object.hasOwn(value as object, part)) throw new WrongUsage(`${key} is not a setting`);
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

async function runSet({ config, operands, flags, terminal, clock }: Invocation): Promise<number> {
  const patch = patchFromAssignments(operands);
  const { settings } = await openSettingsFile(config.settings, clock).patch(patch);
  if (flags.json) terminal.out(JSON.stringify(maskSettings(settings), null, 2));
  else terminal.err(`changed ${Object.keys(patch).join(", ")} in ${config.settings}`);
  return EXIT.ok;
}
