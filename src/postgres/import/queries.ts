/**
 * The SQL of an import, one statement per file in `queries/`. `{{JOINER|TEMPLATE}}` repeats TEMPLATE for every column
 * of the roster except `unique_id` and `active`, joined by JOINER. In TEMPLATE, `@name` is the column's name in the
 * database, `@label` its name in rosters and messages, `@type` its type, `@old` the user's value, and `@text` the
 * user's value or null. `@staged` is the change to user `u`: null keeps the value, '' clears it, and any other value
 * replaces it; `@new` is the value to store. Outside a template, `@staged(COLUMN)` means the same.
 *
 * The text in `[[…]]` is used only for rosters with the column `old_unique_id`. `@user` is the id that the user of a
 * record had before the import.
 *
 * `@feed` is the name of the feed. `@several` is true if the settings have other feeds. For user `u`, `@said` is what
 * this feed said last: whether the user is active, or null if the feed does not name the user. `@kept_active` is true
 * if another feed in the settings calls the user active, and `@called_inactive` if another feed calls the user
 * inactive.
 */
import { Buffer } from "node:buffer";
import { type Column, VALUE_COLUMNS } from "../../domain/columns.ts";
import type { Settings } from "../../domain/settings.ts";
import * as statements from "./statements.ts";

/** The feed, and the settings that decide between the value in the roster and the user's current value. */
export interface ValueSettings extends Pick<Settings, "defaults" | "fill_only_columns"> {
  feed: string;
  /** All feeds in the settings. The first feed takes precedence. */
  feeds: readonly string[];
  /** Whether the roster has the column `old_unique_id`. */
  hasOldIds: boolean;
}

const NO_SETTINGS: ValueSettings = { defaults: {}, fill_only_columns: [], feed: "", feeds: [""], hasOldIds: false };

/** Expands the templates of a query for these columns. */
export function forColumns(query: string, columns: readonly Column[], settings = NO_SETTINGS): string {
  return query.replace(/\[\[(.*?)\]\]/gs, settings.hasOldIds ? "$1" : "").replace(
    /\{\{(.*?)\|(.*?)\}\}/gs,
    (_, joiner: string, template: string) =>
      columns.map((column) =>
        template.replace(/@(name|label|type|staged|new|old|text)/g, (_, part: string) => sqlOf(column, part, settings))
      )
        .join(joiner),
  ).replace(
    /@staged\((\w+)\)/g,
    (_, name: string) => stagedSql(VALUE_COLUMNS.find(({ databaseName }) => databaseName === name)!, settings),
  ).replace(/@(user|feed|several|said|kept_active|called_inactive)\b/g, (_, part: string) => wordSql(part, settings));
}

function wordSql(part: string, settings: ValueSettings): string {
  const { feed } = settings, others = otherFeeds(settings);
  const says = (word: boolean) =>
    others.map((other) => `u.feeds @> ${quoted(JSON.stringify({ [other]: word }))}::jsonb`).join(" or ");
  switch (part) {
    case "user":
      return settings.hasOldIds ? "coalesce(s.known_id, s.unique_id)" : "s.unique_id";
    case "feed":
      return `${quoted(feed)}::text`;
    case "several":
      return String(others.length > 0);
    case "said":
      return `(u.feeds -> ${quoted(feed)} = 'true')`;
    default:
      return others.length === 0 ? "false" : `(${says(part === "kept_active")})`;
  }
}

function otherFeeds({ feed, feeds }: ValueSettings): readonly string[] {
  return feeds.filter((other) => other !== feed);
}

/** Returns the SQL condition that one of these feeds names user `u`. */
function isNamedBy(feeds: readonly string[]): string {
  return `u.feeds ?| array[${feeds.map(quoted).join(", ")}]`;
}

/** Returns the SQL for the record's change to user `u`, whose row is null for a new user. */
function stagedSql(column: Column, settings: ValueSettings): string {
  const { name, databaseName } = column, { defaults, fill_only_columns } = settings;
  const staged = `s.${databaseName}`, value = `u.${databaseName}`;
  const shared = otherFeeds(settings).length > 0 ? sharedSql(column, settings) : staged;
  const filling = fill_only_columns.includes(name)
    ? `case when ${staged} = '' or ${value} is null then ${shared} end`
    : shared;
  if (!Object.hasOwn(defaults, name)) return filling;
  return `coalesce(${filling}, case when ${value} is null then ${textSql(defaults[name])} end)`;
}

/**
 * Keeps the values of a user whom another feed names (docs/people.md#different-values). The condition on feeds comes
 * last, because most values are equal.
 */
function sharedSql(column: Column, settings: ValueSettings): string {
  const { feed, feeds } = settings, staged = `s.${column.databaseName}`, earlier = feeds.slice(0, feeds.indexOf(feed));
  const isOther = `u.${column.databaseName} is not null and ${staged} <> ${sqlOf(column, "text", settings)}`;
  const clears = `${staged} = '' and ${isNamedBy(otherFeeds(settings))}`;
  const isKept = earlier.length === 0 ? clears : `(${isNamedBy(earlier)} or ${clears})`;
  return `case when ${isOther} and ${isKept} then null else ${staged} end`;
}

/** Quotes the name of a feed, which contains no backslashes. PostgreSQL would compute {@link textSql} for each row. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Encodes text as SQL so that no character in it is special, even in a template. */
function textSql(text: string): string {
  return `convert_from(decode('${Buffer.from(text).toString("hex")}', 'hex'), 'UTF8')`;
}

/**
 * Returns the SQL that creates the tables of an import, with all columns. `ending`: what a commit does to the tables.
 */
export function importTables(ending: "delete rows" | "drop"): string {
  return forColumns(statements.importTables, VALUE_COLUMNS).replaceAll("on commit drop", `on commit ${ending}`);
}

/** Returns the query that releases the permits of the users in `archived`, a table with an optional condition. */
export function releasePermits(archived: string): string {
  return statements.releasePermits.replaceAll("{{archived}}", archived);
}

/** Replaces $1, $2, … with values. A statement without parameters takes one round trip instead of two. */
export function withValues(query: string, ...values: (number | boolean | string | null)[]): string {
  return query.replace(/\$(\d+)/g, (_, number: string) => {
    const value = values[Number(number) - 1];
    return typeof value === "string" ? textSql(value) : String(value);
  });
}

function sqlOf(column: Column, part: string, settings: ValueSettings): string {
  const { name, databaseName, kind } = column;
  const text = kind === "date" ? `u.${databaseName}::text` : `u.${databaseName}`;
  switch (part) {
    case "name":
      return databaseName;
    case "label":
      return name;
    case "type":
      return kind === "date" ? "date" : "text";
    case "staged":
      return stagedSql(column, settings);
    case "new":
      return `nullif(${stagedSql(column, settings)}, '')${kind === "date" ? "::date" : ""}`;
    case "old":
      return `coalesce(${text}, '')`;
    default:
      return text;
  }
}

/**
 * Returns the queries for a roster with these columns. The queries use no other columns, except those that have a
 * default.
 */
export function importQueries(present: readonly Column[], settings: ValueSettings) {
  const columns = VALUE_COLUMNS.filter((column) =>
    present.includes(column) || Object.hasOwn(settings.defaults, column.name)
  );
  const isShared = otherFeeds(settings).length > 0;
  const maybeKept = columns.filter(({ name }) => isShared || settings.fill_only_columns.includes(name));
  const expanded = Object.fromEntries(
    Object.entries(statements).map(([name, query]) => [name, forColumns(query, columns, settings)]),
  ) as typeof statements;
  return {
    ...expanded,
    findOldIds: settings.hasOldIds ? expanded.findOldIds : null,
    keepFailures: expanded.keepFailures.replace("{{failures}}", () => expanded.failures),
    releasePermits: releasePermits("archived"),
    findKept: maybeKept.length === 0 ? null : forColumns(statements.findKept, maybeKept, settings),
  };
}

export type ImportQueries = ReturnType<typeof importQueries>;
