/**
 * The SQL of an import, one statement per file in `queries/`. `{{JOINER|TEMPLATE}}` repeats TEMPLATE for every column of the
 * roster except `unique_id` and `active`, joined by JOINER. In TEMPLATE, `@name` is the column's name in the database, `@label`
 * its name for people, `@type` its type, `@new` the staged value, `@old` the user's value, and `@text` the user's value or
 * null.
 */
import { type Column, COLUMNS } from "../../domain/columns.ts";
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
import findMissing from "../queries/find_missing.sql" with { type: "text" };
import findRepeats from "../queries/find_repeats.sql" with { type: "text" };
import findUnreadable from "../queries/find_unreadable.sql" with { type: "text" };
import freeValues from "../queries/free_values.sql" with { type: "text" };
import holdLosses from "../queries/hold_losses.sql" with { type: "text" };
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
import stage from "../queries/stage.sql" with { type: "text" };
import listAllValues from "../queries/list_all_values.sql" with { type: "text" };
import updateAccess from "../queries/update_access.sql" with { type: "text" };
import updateValues from "../queries/update_values.sql" with { type: "text" };

/** The columns of a user's values, without the id and `active`. */
export const VALUE_COLUMNS = COLUMNS.filter(({ kind }) => kind !== "unique_id" && kind !== "flag");

/** Expands the templates of a query for these columns. */
export function forColumns(query: string, columns: readonly Column[]): string {
  return query.replace(
    /\{\{(.*?)\|(.*?)\}\}/gs,
    (_, joiner: string, template: string) =>
      columns.map((column) =>
        template.replace(/@(name|label|type|new|old|text)/g, (_, part: string) => sqlOf(column, part))
      )
        .join(joiner),
  );
}

/** Replaces $1, $2, … by values, because a statement without parameters takes one round trip instead of two. */
export function withValues(query: string, ...values: (number | boolean)[]): string {
  return query.replace(/\$(\d+)/g, (_, number: string) => String(values[Number(number) - 1]));
}

function sqlOf({ name, databaseName, kind }: Column, part: string): string {
  const text = kind === "date" ? `to_char(u.${databaseName}, 'YYYY-MM-DD')` : `u.${databaseName}`;
  switch (part) {
    case "name":
      return databaseName;
    case "label":
      return name;
    case "type":
      return kind === "date" ? "date" : "text";
    case "new":
      return `nullif(s.${databaseName}, '')${kind === "date" ? "::date" : ""}`;
    case "old":
      return `coalesce(${text}, '')`;
    default:
      return text;
  }
}

/** The queries of an import whose roster has these columns. Other columns are never named. */
export function importQueries(present: readonly Column[]) {
  const columns = VALUE_COLUMNS.filter((column) => present.includes(column));
  return {
    stage: forColumns(stage, VALUE_COLUMNS),
    listAllValues,
    findRestagedUsers,
    dropRestagedUsers,
    findRepeats: forColumns(findRepeats, columns),
    makePlan: forColumns(makePlan, columns),
    findClaims,
    refuseTaken,
    dropRefused,
    findUnreadable,
    findMissing,
    countLosses,
    countActive,
    holdLosses,
    lockUsers,
    lockPermits,
    noteChanges,
    noteMissing,
    freeValues,
    createUsers: forColumns(createUsers, columns),
    updateValues: forColumns(updateValues, columns),
    updateAccess,
    archiveMissing,
    keepHolds,
    noteOtherwise,
    noteArchived,
    releasePermits,
    countPermits,
    failures,
    counts,
    changes: forColumns(changes, columns),
  };
}

export type ImportQueries = ReturnType<typeof importQueries>;
