/** Validates settings documents, and describes each problem in a message. */
import type { z } from "zod";
import { nearest } from "../runtime/nearest.ts";
import { DEFAULT_SETTINGS, feedSettings, type Settings, settingsSchema } from "./settings.ts";

export interface SettingsProblem {
  /** The dotted key, such as `smtp.port`; empty for the whole document. */
  key: string;
  path: readonly PropertyKey[];
  /** What is wrong, in words that follow the key, such as `must be at least 1`. */
  message: string;
}

export class InvalidSettings extends Error {
  override readonly name = "InvalidSettings";
  constructor(readonly problems: readonly SettingsProblem[]) {
    super(problems.map(({ key, message }) => key === "" ? message : `${key} ${message}`).join("; "));
  }
}

/** Validates a document and fills in the defaults. Throws {@link InvalidSettings}. */
export function parseSettings(document: unknown): Settings {
  const result = settingsSchema.safeParse(document);
  if (result.success) return result.data;
  throw new InvalidSettings(result.error.issues.flatMap(problemsOf));
}

function problemsOf(issue: z.core.$ZodIssue): SettingsProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { key: path.join("."), path, message: unknownSetting(path.join(".")) };
    });
  }
  return [{ key: issue.path.join("."), path: issue.path, message: issue.message }];
}

/** All keys in dotted form, such as `smtp.port`. */
function keysOf(settings: object): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const isGroup = key !== "header_aliases" && typeof value === "object" && !Array.isArray(value);
    return isGroup ? [key, ...keysOf(value).map((inner) => `${key}.${inner}`)] : [key];
  });
}

/** The message for an unknown key, with a suggestion if a setting has a similar name. */
export function unknownSetting(key: string): string {
  const [, feed, own] = /^(feeds\.[^.]*\.)(.+)$/s.exec(key) ?? ["", "", key];
  const all = keysOf(DEFAULT_SETTINGS);
  if (feed !== "" && all.includes(own)) return "cannot differ between feeds: set it for all feeds";
  const meant = nearest(
    own,
    feed === "" ? all : all.filter((name) => Object.hasOwn(feedSettings.shape, name.replace(/\..*/s, ""))),
  );
  return meant === null ? "is not a setting" : `is not a setting (did you mean ${feed}${meant}?)`;
}
