/** Applies a merge patch, a whole document, or `KEY=VALUE` words to settings, with one rule for secrets. */
import {
  DEFAULT_SETTINGS,
  InvalidSettings,
  MASK,
  maskSettings,
  type Settings,
  type SettingsProblem,
} from "../domain/settings.ts";
import { validSettings } from "../importer/checks/valid_settings.ts";

type JsonObject = Record<string, unknown>;

/** Deeper than any valid settings. Keeps a hostile document from exhausting the stack. */
const MAX_DEPTH = 16;

/**
 * The settings after an RFC 7396 merge patch. null, at any depth, restores the default. `ownPassword`:
 * ROSTERD_SMTP_PASSWORD, which overrides the one in the settings. Throws {@link InvalidSettings}.
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
 * Builds a merge patch from assignments such as `smtp.port=25`. A value is parsed as JSON if possible, and is text
 * otherwise. For a text setting, only a value in double quotes is parsed as JSON. `null` restores the default. Throws
 * {@link InvalidSettings} for a word without `=`.
 */
export function patchFromAssignments(words: readonly string[]): JsonObject {
  const patch: JsonObject = {};
  for (const word of words) {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
    if (key === undefined) throw problem(word.replace(/=.*/s, ""), [], "must have the form KEY=VALUE");
    // Only the first dot separates: `header_aliases.Stud. No=student_no` names the header "Stud. No".
    const [, outer, inner] = /^([^.]+)\.(.+)$/s.exec(key) ?? [undefined, key, undefined];
    const stated = valueOf(outer, inner, value);
    if (inner === undefined) define(patch, outer, stated);
    else define(patch, outer, define(objectOr(own(patch, outer)), inner, stated));
  }
  return patch;
}

function valueOf(outer: string, inner: string | undefined, word: string): unknown {
  if (isText(outer, inner) && word !== "null" && !word.startsWith('"')) return word;
  try {
    return JSON.parse(word);
  } catch (error) {
    if (error instanceof SyntaxError) return word;
    throw error;
  }
}

function isText(outer: string, inner: string | undefined): boolean {
  if (outer === "header_aliases") return inner !== undefined;
  const value = own(DEFAULT_SETTINGS, outer);
  return typeof (inner === undefined ? value : own(objectOr(value), inner)) === "string";
}

/** RFC 7396. A null removes the key, so that validation fills in the default. */
function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isObject(patch)) return patch;
  if (depth > MAX_DEPTH) throw problem("", [], "the document is nested too deeply");
  const merged: JsonObject = { ...objectOr(target) };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else define(merged, key, mergePatch(own(merged, key), value, depth + 1));
  }
  return merged;
}

/**
 * Replaces `"***"` with the stored password. After a change of mail server, the password must be entered again.
 * Otherwise an admin could send the stored one, or ROSTERD_SMTP_PASSWORD, to another machine.
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

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as JsonObject)[key] : undefined;
}

/** Sets an own property, even one named `__proto__`. */
function define(object: JsonObject, key: string, value: unknown): JsonObject {
  return Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
