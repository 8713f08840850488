/** Validates a whole settings document. Values for a column must follow the rule for that column. */
import { COLUMNS } from "../../domain/columns.ts";
import { InvalidSettings, parseSettings, type SettingsProblem } from "../../domain/parse_settings.ts";
import type { Settings } from "../../domain/settings.ts";
import { settingsOf } from "../../domain/feed_settings.ts";
import { isObject } from "../../domain/merge_patch.ts";
import { Batch } from "../csv/batch.ts";
import { requiredColumns } from "./header.ts";
import { createRule } from "./rules.ts";

/** This date is used as today's date, so that no date in the settings counts as a future date. */
const LAST_DAY = "9999-12-31";

/** Parses a document and fills in the defaults. Throws {@link InvalidSettings}. */
export function validSettings(document: unknown): Settings {
  const settings = parseSettings(document);
  const common = valueProblems(settings);
  const problems = [...common, ...Object.keys(settings.feeds).flatMap((feed) => feedProblems(settings, feed, common))];
  if (problems.length > 0) throw new InvalidSettings(problems);
  return settings;
}

function valueProblems(settings: Settings): SettingsProblem[] {
  return [...targetProblems(settings), ...defaultProblems(settings)];
}

function hasPath(value: unknown, path: readonly PropertyKey[]): boolean {
  return path.length === 0 ||
    (isObject(value) && Object.hasOwn(value, path[0]) && hasPath(value[String(path[0])], path.slice(1)));
}

/**
 * The problems that occur only in the settings of this feed. For example, a value set for all feeds may conflict with a
 * value that the feed sets for itself.
 */
function feedProblems(settings: Settings, feed: string, common: readonly SettingsProblem[]): SettingsProblem[] {
  const isCommon = ({ key, message }: SettingsProblem) =>
    common.some((problem) => problem.key === key && problem.message === message);
  return valueProblems(settingsOf(settings, feed)).flatMap((problem) => {
    const { key, path, message } = problem, here = ["feeds", feed];
    if (hasPath(settings.feeds[feed], path)) {
      return [{ key: `${here.join(".")}.${key}`, path: [...here, ...path], message }];
    }
    return isCommon(problem)
      ? []
      : [{ key: here.join("."), path: here, message: `conflicts with ${key} (${message})` }];
  });
}

function targetProblems(settings: Settings): SettingsProblem[] {
  return Object.entries(settings.value_maps).flatMap(([column, map]) =>
    Object.entries(map).flatMap(([from, to]) => problemOf(["value_maps", column, from], column, to, settings))
  );
}

/** A default cannot clear a value, so the clear token has no special meaning in a default. */
function defaultProblems(settings: Settings): SettingsProblem[] {
  return Object.entries(settings.defaults).flatMap(([column, value]) =>
    problemOf(["defaults", column], column, value, { ...settings, clear_token: "" })
  );
}

function problemOf(path: string[], name: string, value: string, settings: Settings): SettingsProblem[] {
  const message = refusalOf(name, value.trim(), settings);
  return message === null ? [] : [{ key: path.join("."), path, message }];
}

function refusalOf(name: string, value: string, settings: Settings): string | null {
  if (value !== "") return judge(name, value, settings).refusal;
  return requiredColumns(settings).has(name) ? "must not be empty: the column is required" : null;
}

/** The defaults as the database stores them. */
export function storedDefaults(settings: Settings): Settings["defaults"] {
  return Object.fromEntries(
    Object.entries(settings.defaults).map(([name, value]) => [name, judge(name, value, settings).stored]),
  );
}

/**
 * Applies a column's rule to a non-empty value. Returns the stored form of the value and, if the rule refuses the
 * value, the reason.
 */
function judge(name: string, value: string, settings: Settings): { stored: string; refusal: string | null } {
  const column = COLUMNS.find((column) => column.name === name)!;
  const bytes = new TextEncoder().encode(value);
  const batch = new Batch(1).begin(bytes);
  batch.put(0, 0, bytes.length, bytes.length > value.length ? Batch.NOT_ASCII : 0);
  const reason = createRule(column, settings, LAST_DAY)(batch, 0)?.reason ?? null;
  // The name of the column is removed from the message, because the setting's key already contains it.
  const refusal = reason === null ? null : reason.replace(`${name} `, "");
  return { stored: batch.text(0), refusal };
}
