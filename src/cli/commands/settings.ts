/** `rosterd settings get` and `settings set`, with the same validation and locking as over HTTP. */
import { maskSettings, type Settings } from "../../domain/settings.ts";
import { unknownSetting } from "../../domain/parse_settings.ts";
import { patchFromAssignments } from "../../host/settings_change.ts";
import { findService } from "../access.ts";
import { changeFile, changeOver, ownFile } from "../change_settings.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";

export const settingsGetCommand: Command = {
  words: "settings get",
  operands: { words: "[KEY]", min: 0, max: 1 },
  flags: JSON_FLAG,
  summary: "print all settings or one setting",
  help: "Prints all settings, or one setting such as smtp.host. Secrets are shown as ***.\n" +
    'With --json, one setting is printed in its place in the settings: {"smtp": {"host": …}}.',
  run: runGet,
};

export const settingsSetCommand: Command = {
  words: "settings set",
  operands: { words: "KEY=VALUE…", min: 1, max: Infinity },
  flags: JSON_FLAG,
  summary: "change settings",
  help:
    "Changes all of the given settings or none: rosterd settings set interval_minutes=10 smtp.host=mail.example.edu\n" +
    "A value is JSON or plain text; null means the default. Separate list items with commas; they replace the whole list:\n" +
    "rosterd settings set login_sources=ldap,local. An empty value empties the list. A single entry of a map can be\n" +
    "set: 'header_aliases.Student Number=student_no', value_maps.active.Y=1.\n" +
    "smtp.password=- reads the password from standard input, so that the password does not appear in any process list.\n" +
    "A running service uses the new settings from the next scan on.",
  run: runSet,
};

async function runGet(invocation: Invocation): Promise<number> {
  const { operands: [key], flags, terminal } = invocation;
  const service = await findService(invocation);
  const shown = service === null
    ? maskSettings((await ownFile(invocation)).settings)
    : await service.ask("GET", "/settings") as Settings;
  const path = key === undefined ? [] : key.split(".");
  const value = valueAt(shown, path);
  const printed = flags.json ? path.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) : value;
  terminal.out(typeof printed === "string" ? printed : JSON.stringify(printed, null, 2));
  return EXIT.ok;
}

function valueAt(settings: Settings, path: readonly string[]): unknown {
  let value: unknown = settings;
  for (const part of path) {
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    if (!isObject || !Object.hasOwn(value as object, part)) {
      const key = path.join(".");
      throw new WrongUsage(`${key} ${unknownSetting(key)}`);
    }
    value = (value as Record<string, unknown>)[part];
  }
  return value;
}

async function runSet(invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation;
  const patch = patchFromAssignments(await withSecrets(operands, invocation));
  const service = await findService(invocation);
  const changed = service === null ? await changeFile(invocation, patch) : await changeOver(service, patch);
  if (flags.json) terminal.out(JSON.stringify(changed, null, 2));
  else terminal.err(`rosterd: changed ${Object.keys(patch).join(", ")}`);
  return EXIT.ok;
}

const SECRET = "smtp.password";

/**
 * Replaces `smtp.password=-` with a password that is typed or piped in. Throws {@link WrongUsage} if the input is
 * empty.
 */
async function withSecrets(words: readonly string[], { terminal, signal }: Invocation): Promise<string[]> {
  if (!words.includes(`${SECRET}=-`)) return [...words];
  const typed = await terminal.askSecret(`${SECRET}: `, signal);
  if (typed === null) throw new WrongUsage(`${SECRET}=- needs the password on standard input`);
  return words.map((word) => word === `${SECRET}=-` ? `${SECRET}=${JSON.stringify(typed)}` : word);
}
