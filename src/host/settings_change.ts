/**
 * Changes settings with a merge patch, a whole document, or `KEY=VALUE` arguments. The same rule for secrets applies to
 * all three.
 */
import { DEFAULT_SETTINGS, MASK, maskSettings, type Settings } from "../domain/settings.ts";
import { InvalidSettings, type SettingsProblem } from "../domain/parse_settings.ts";
import { addToPatch, isObject, type JsonObject, mergePatch, objectOr, own } from "../domain/merge_patch.ts";
import { validSettings } from "../importer/checks/valid_settings.ts";

/**
 * The settings after an RFC 7396 merge patch. null, at any depth, restores the default. `ownPassword` is
 * ROSTERD_SMTP_PASSWORD, which overrides the password in the settings. Throws {@link InvalidSettings}.
 */
export function patchedSettings(current: Settings, patch: unknown, ownPassword: string | null = null): Settings {
  return withStoredSecret(current, mergePatch(maskSettings(current), patch), ownPassword);
}

/** The settings from a whole document, which must have every key. Throws {@link InvalidSettings}. */
export function replacedSettings(current: Settings, document: unknown, ownPassword: string | null = null): Settings {
  const missing = missingKeys(document, DEFAULT_SETTINGS);
  if (missing.length > 0) throw new InvalidSettings(missing);
  return withStoredSecret(current, document, ownPassword);
}

/**
 * Builds a merge patch from assignments such as `smtp.port=25`. A value is parsed as JSON if possible; otherwise, it is
 * treated as text. For a text setting, only a value in double quotes is parsed as JSON. A list may be written as `a,b`.
 * `null` restores the default. Throws {@link InvalidSettings} for a word without `=`.
 */
export function patchFromAssignments(words: readonly string[]): JsonObject {
  const patch: JsonObject = {};
  for (const word of words) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (key === undefined) throw problem(word.replace(/=.*/s, ""), [], "must have the form KEY=VALUE");
    const path = pathOf(key);
    addToPatch(patch, path, valueOf(path, value));
  }
  return patch;
}

/**
 * The number of dots in a path that separate keys. Any further dot is part of the last key: `header_aliases.Stud. No`
 * names the header "Stud. No".
 */
const SEPARATING_DOTS: Readonly<Record<string, number>> = { value_maps: 2 };

function pathOf(key: string): string[] {
  const [, feed, inner] = /^feeds\.([^.]+)\.(.*)$/s.exec(key) ?? [];
  if (feed !== undefined) return ["feeds", feed, ...pathOf(inner)];
  const parts = key.split(".");
  const dots = Number(own(SEPARATING_DOTS, parts[0]) ?? 1);
  return parts.length <= dots ? parts : [...parts.slice(0, dots), parts.slice(dots).join(".")];
}

function valueOf(path: readonly string[], word: string): unknown {
  if (isList(path) && word !== "null" && !word.startsWith("[")) return word === "" ? [] : word.split(",");
  if (isText(path) && word !== "null" && !word.startsWith('"')) return word;
  try {
    return JSON.parse(word);
  } catch (error) {
    if (error instanceof SyntaxError) return word;
    throw error;
  }
}

/** Whether the setting is a list, such as `login_sources`. */
function isList(path: readonly string[]): boolean {
  const [outer, ...more] = path[0] === "feeds" ? path.slice(2) : path;
  return outer !== undefined && more.length === 0 && Array.isArray(own(DEFAULT_SETTINGS, outer));
}

/** For settings that accept any key: the number of keys in the path to a text value. */
const TEXT_DEPTHS: Readonly<Record<string, number>> = { header_aliases: 2, defaults: 2, value_maps: 3 };

function isText(path: readonly string[]): boolean {
  const [outer, inner, ...more] = path[0] === "feeds" ? path.slice(2) : path;
  if (outer === undefined) return false;
  const depth = own(TEXT_DEPTHS, outer);
  if (depth !== undefined) return (inner === undefined ? 1 : 2) + more.length === depth;
  const value = own(DEFAULT_SETTINGS, outer);
  return typeof (inner === undefined ? value : own(objectOr(value), inner)) === "string";
}

/**
 * Replaces `"***"` with the stored password. After the mail server is changed, the password must be entered again.
 * Otherwise an admin could send the stored password, or ROSTERD_SMTP_PASSWORD, to another machine.
 */
function withStoredSecret(current: Settings, document: unknown, ownPassword: string | null): Settings {
  const next = validSettings(document);
  const changed = (["host", "port", "security", "user"] as const).filter((key) => next.smtp[key] !== current.smtp[key]);
  const refuse = (more: string) => {
    const names = changed.map((key) => `smtp.${key}`).join(", ");
    throw problem("smtp.password", ["smtp", "password"], `must be entered again because ${names} changed${more}`);
  };
  const isOwn = next.smtp.password === ownPassword;
  if (changed.length > 0 && ownPassword !== null && !isOwn && current.smtp.host !== "") {
    refuse(", and must match ROSTERD_SMTP_PASSWORD");
  }
  if (next.smtp.password !== MASK && !isOwn) return next;
  if (changed.length > 0 && current.smtp.password !== "" && !isOwn) refuse("");
  return { ...next, smtp: { ...next.smtp, password: current.smtp.password } };
}

function missingKeys(document: unknown, wanted: object, path: readonly string[] = []): SettingsProblem[] {
  if (!isObject(document)) return [];
  return Object.entries(wanted).flatMap(([key, value]) => {
    const here = [...path, key];
    if (!Object.hasOwn(document, key)) return [{ key: here.join("."), path: here, message: "is missing" }];
    return isObject(value) ? missingKeys(document[key], value, here) : [];
  });
}

function problem(key: string, path: readonly string[], message: string): InvalidSettings {
  return new InvalidSettings([{ key, path, message }]);
}
