/**
 * The SQL of an import, one statement per file in `queries/`. `{{JOINER|TEMPLATE}}` repeats TEMPLATE for every column of the roster
 * except `unique_id` and `active`, joined by JOINER. In TEMPLATE, `@name` is the column's name in the database, `@label` its name
 * for people, `@type` its type, `@old` the user's value, and `@text` the user's value or null. `@staged` is what the record does to
 * user `u`: null keeps the value, '' clears it; `@new` is the value that it sets. `@staged(COLUMN)` stands outside of such a template,
 * and `@named(COLUMN)` there is the value that the record names: its own one, that of the user, or the default.
 */
import { Buffer } from "node:buffer";
import { type Column, COLUMNS } from "../../domain/columns.ts";
import type { Settings } from "../../domain/settings.ts";
import archiveMissing from "../queries/archive_missing.sql" with { type: "text" };
import changes from "../queries/changes.sql" with { type: "text" };
import countActive from "../queries/count_active.sql" with { type: "text" };
import countLosses from "../queries/count_losses.sql" with { type: "text" };
import counts from "../queries/counts.sql" with { type: "text" };
import createUsers from "../queries/create_users.sql" with { type: "text" };
import dropRestagedUsers from "../queries/drop_restaged_users.sql" with { type: "text" };
import dropRefused from "../queries/drop_refused.sql" with { type: "text" };
import failures from "../queries/failures.sql" with { type: "text" };
import countPermits from "../queries/count_permits.sql" with { type: "text" };
import findRestagedUsers from "../queries/find_restaged_users.sql" with { type: "text" };
import findClaims from "../queries/find_claims.sql" with { type: "text" };
import findKept from "../queries/find_kept.sql" with { type: "text" };
import findLostZeros from "../queries/find_lost_zeros.sql" with { type: "text" };
import findMissing from "../queries/find_missing.sql" with { type: "text" };
import findRepeats from "../queries/find_repeats.sql" with { type: "text" };
import findUnreadable from "../queries/find_unreadable.sql" with { type: "text" };
import freeValues from "../queries/free_values.sql" with { type: "text" };
import holdLosses from "../queries/hold_losses.sql" with { type: "text" };
import keptValues from "../queries/kept_values.sql" with { type: "text" };
import keepHolds from "../queries/keep_holds.sql" with { type: "text" };
import lockPermits from "../queries/lock_permits.sql" with { type: "text" };
import lockUsers from "../queries/lock_users.sql" with { type: "text" };
import makePlan from "../queries/make_plan.sql" with { type: "text" };
import noteArchived from "../queries/note_archived.sql" with { type: "text" };
import noteChanges from "../queries/note_changes.sql" with { type: "text" };
import noteMissing from "../queries/note_missing.sql" with { type: "text" };
import noteOtherwise from "../queries/note_otherwise.sql" with { type: "text" };
import refuseTaken from "../queries/refuse_taken.sql" with { type: "text" };
import releasePermits from "../queries/release_permits.sql" with { type: "text" };
import storedRecords from "../queries/stored_records.sql" with { type: "text" };
import stage from "../queries/stage.sql" with { type: "text" };
import listAllValues from "../queries/list_all_values.sql" with { type: "text" };
import updateAccess from "../queries/update_access.sql" with { type: "text" };
import updateValues from "../queries/update_values.sql" with { type: "text" };

/** The columns of a user's values, without the id and `active`. */
export const VALUE_COLUMNS = COLUMNS.filter(({ kind }) => kind !== "unique_id" && kind !== "flag");

/** The settings that decide whether the roster's value or the user's counts. */
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
    // Without a default the planner need not join the users.
    return named === `s.${name}` ? named : `coalesce(${named}, u.${name})`;
  });
}

/** What the record does to the value of user `u`, who is null if the user is new. */
function stagedSql({ name, databaseName }: Column, { defaults, fill_only_columns }: ValueSettings): string {
  const staged = `s.${databaseName}`, value = `u.${databaseName}`;
  const filling = fill_only_columns.includes(name)
    ? `case when ${staged} = '' or ${value} is null then ${staged} end`
    : staged;
  if (!Object.hasOwn(defaults, name)) return filling;
  return `coalesce(${filling}, case when ${value} is null then ${textSql(defaults[name])} end)`;
}

/** Text as SQL in which no character has a meaning, also none of a template. */
function textSql(text: string): string {
  return `convert_from(decode('${Buffer.from(text).toString("hex")}', 'hex'), 'UTF8')`;
}

/** Replaces $1, $2, … by values, because a statement without parameters takes one round trip instead of two. */
export function withValues(query: string, ...values: (number | boolean)[]): string {
  return query.replace(/\$(\d+)/g, (_, number: string) => String(values[Number(number) - 1]));
}

function sqlOf(column: Column, part: string, settings: ValueSettings): string {
  const { name, databaseName, kind } = column;
  const text = kind === "date" ? `to_char(u.${databaseName}, 'YYYY-MM-DD')` : `u.${databaseName}`;
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

/** The queries of an import whose roster has these columns. Besides them, only columns with a default are named. */
export function importQueries(present: readonly Column[], settings: ValueSettings) {
  const columns = VALUE_COLUMNS.filter((column) =>
    present.includes(column) || Object.hasOwn(settings.defaults, column.name)
  );
  const fillOnly = columns.filter(({ name }) => settings.fill_only_columns.includes(name));
  return {
    stage: forColumns(stage, VALUE_COLUMNS),
    listAllValues,
    findRestagedUsers,
    dropRestagedUsers,
    findRepeats: forColumns(findRepeats, columns),
    makePlan: forColumns(makePlan, columns, settings),
    findClaims,
    refuseTaken,
    dropRefused,
    findUnreadable,
    findMissing: forColumns(findMissing, [], settings),
    findLostZeros,
    findKept: fillOnly.length === 0 ? null : forColumns(findKept, fillOnly),
    storedRecords: forColumns(storedRecords, columns, settings),
    keptValues,
    countLosses,
    countActive,
    holdLosses,
    lockUsers,
    lockPermits,
    noteChanges,
    noteMissing,
    freeValues,
    createUsers: forColumns(createUsers, columns, settings),
    updateValues: forColumns(updateValues, columns, settings),
    updateAccess,
    archiveMissing,
    keepHolds,
    noteOtherwise,
    noteArchived,
    releasePermits,
    countPermits,
    failures,
    counts,
    changes: forColumns(changes, columns, settings),
  };
}

export type ImportQueries = ReturnType<typeof importQueries>;
