/**
 * The SQL of an import, one statement per file in `queries/`. `{{JOINER|TEMPLATE}}` repeats TEMPLATE for every column
 * of the roster except `unique_id` and `active`, joined by JOINER. In TEMPLATE, `@name` is the column's name in the
 * database, `@label` its name in rosters and messages, `@type` its type, `@old` the user's value, and `@text` the
 * user's value or null. `@staged` is the change to user `u`: null keeps the value, '' clears it, and any other value
 * replaces it; `@new` is the value that it sets. Outside a template, `@staged(COLUMN)` means the same, and
 * `@named(COLUMN)` is the record's own value or, if it has none, the user's value or the default.
 */
import { Buffer } from "node:buffer";
import { type Column, COLUMNS } from "../../domain/columns.ts";
import type { Settings } from "../../domain/settings.ts";
import * as statements from "./statements.ts";

/** All columns except the id and `active`. */
export const VALUE_COLUMNS = COLUMNS.filter(({ kind }) => kind !== "unique_id" && kind !== "flag");

/** The settings that decide whether the roster's value or the user's current one is used. */
export type ValueSettings = Pick<Settings, "defaults" | "fill_only_columns">;

const NO_SETTINGS: ValueSettings = { defaults: {}, fill_only_columns: [] };

/** Expands the templates of a query for these columns. */
export function forColumns(query: string, columns: readonly Column[], settings = NO_SETTINGS): string {
  return query.replace(
    /\{\{(.*?)\|(.*?)\}\}/gs,
    (_, joiner: string, template: string) =>
      columns.map((column) =>
        template.replace(/@(name|label|type|staged|new|old|text)/g, (_, part: string) => sqlOf(column, part, settings))
      )
        .join(joiner),
  ).replace(/@(staged|named)\((\w+)\)/g, (_, part: string, name: string) => {
    const column = VALUE_COLUMNS.find(({ databaseName }) => databaseName === name)!;
    if (part === "staged") return stagedSql(column, settings);
    const named = stagedSql(column, { ...settings, fill_only_columns: [] });
    // Without a default, PostgreSQL's planner need not join the users.
    return named === `s.${name}` ? named : `coalesce(${named}, u.${name})`;
  });
}

/** The record's change to user `u`, whose row is null for a new user. */
function stagedSql({ name, databaseName }: Column, { defaults, fill_only_columns }: ValueSettings): string {
  const staged = `s.${databaseName}`, value = `u.${databaseName}`;
  const filling = fill_only_columns.includes(name)
    ? `case when ${staged} = '' or ${value} is null then ${staged} end`
    : staged;
  if (!Object.hasOwn(defaults, name)) return filling;
  return `coalesce(${filling}, case when ${value} is null then ${textSql(defaults[name])} end)`;
}

/** Encodes text as SQL so that no character in it is special, not even in a template. */
function textSql(text: string): string {
  return `convert_from(decode('${Buffer.from(text).toString("hex")}', 'hex'), 'UTF8')`;
}

/** Creates the tables of an import, which have all columns. `ending`: what a commit does to them. */
export function importTables(ending: "delete rows" | "drop"): string {
  return forColumns(statements.importTables, VALUE_COLUMNS).replaceAll("on commit drop", `on commit ${ending}`);
}

/** The query that releases the permits of the users in `archived`: a table, perhaps with a condition. */
export function releasePermits(archived: string): string {
  return statements.releasePermits.replaceAll("{{archived}}", archived);
}

/** Replaces $1, $2, … with values, because a statement without parameters takes one round trip instead of two. */
export function withValues(query: string, ...values: (number | boolean | string)[]): string {
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

/** The queries for a roster with these columns. The only other columns that they name are those with a default. */
export function importQueries(present: readonly Column[], settings: ValueSettings) {
  const columns = VALUE_COLUMNS.filter((column) =>
    present.includes(column) || Object.hasOwn(settings.defaults, column.name)
  );
  const fillOnly = columns.filter(({ name }) => settings.fill_only_columns.includes(name));
  return {
    ...statements,
    releasePermits: releasePermits("archived"),
    findRepeats: forColumns(statements.findRepeats, columns),
    makePlan: forColumns(statements.makePlan, columns, settings),
    createUsers: forColumns(statements.createUsers, columns, settings),
    updateValues: forColumns(statements.updateValues, columns, settings),
    findMissing: forColumns(statements.findMissing, [], settings),
    findKept: fillOnly.length === 0 ? null : forColumns(statements.findKept, fillOnly),
    changes: forColumns(statements.changes, columns, settings),
    storedRecords: forColumns(statements.storedRecords, columns, settings),
  };
}

export type ImportQueries = ReturnType<typeof importQueries>;
