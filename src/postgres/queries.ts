/**
 * The SQL of an import, one statement a file in `queries/`, each named after what it does.
 *
 * The files are plain SQL but for one thing: `{{JOINER|TEMPLATE}}` stands for TEMPLATE once for every column of the roster but
 * `unique_id` and `active`, joined by JOINER. In TEMPLATE, `@name` is the column's name in the database, `@label` its
 * name for people, `@new` the staged value and `@old` the user's, and `@text` the user's or null.
 */
import { type Column, COLUMNS } from "../domain/columns.ts";
import changes from "./queries/changes.sql" with { type: "text" };
import counts from "./queries/counts.sql" with { type: "text" };
import createUsers from "./queries/create_users.sql" with { type: "text" };
import dropRefused from "./queries/drop_refused.sql" with { type: "text" };
import failures from "./queries/failures.sql" with { type: "text" };
import countPermits from "./queries/count_permits.sql" with { type: "text" };
import findClaims from "./queries/find_claims.sql" with { type: "text" };
import findRepeats from "./queries/find_repeats.sql" with { type: "text" };
import freeValues from "./queries/free_values.sql" with { type: "text" };
import makePlan from "./queries/make_plan.sql" with { type: "text" };
import noteArchived from "./queries/note_archived.sql" with { type: "text" };
import refuseTaken from "./queries/refuse_taken.sql" with { type: "text" };
import releasePermits from "./queries/release_permits.sql" with { type: "text" };
import stage from "./queries/stage.sql" with { type: "text" };
import suspectAll from "./queries/suspect_all.sql" with { type: "text" };
import updateUsers from "./queries/update_users.sql" with { type: "text" };

const VALUE_COLUMNS = COLUMNS.filter(({ kind }) => kind !== "unique_id" && kind !== "flag");

/** Fills in a query for the given columns. */
function forColumns(query: string, columns: readonly Column[]): string {
  return query.replace(
    /\{\{(.*?)\|(.*?)\}\}/gs,
    (_, joiner: string, template: string) =>
      columns.map((column) => template.replace(/@(name|label|new|old|text)/g, (_, part: string) => sqlOf(column, part)))
        .join(joiner),
  );
}

function sqlOf({ name, databaseName, kind }: Column, part: string): string {
  const text = kind === "date" ? `to_char(u.${databaseName}, 'YYYY-MM-DD')` : `u.${databaseName}`;
  switch (part) {
    case "name":
      return databaseName;
    case "label":
      return name;
    case "new":
      return `nullif(s.${databaseName}, '')${kind === "date" ? "::date" : ""}`;
    case "old":
      return `coalesce(${text}, '')`;
    default:
      return text;
  }
}

/** The queries of an import whose roster has these columns; a column that it has not is never named. */
export function importQueries(present: readonly Column[]) {
  const columns = VALUE_COLUMNS.filter((column) => present.includes(column));
  return {
    stage: forColumns(stage, VALUE_COLUMNS),
    suspectAll,
    findRepeats: forColumns(findRepeats, columns),
    makePlan: forColumns(makePlan, columns),
    findClaims,
    refuseTaken,
    dropRefused,
    freeValues,
    createUsers: forColumns(createUsers, columns),
    updateUsers: forColumns(updateUsers, columns),
    noteArchived,
    releasePermits,
    countPermits,
    failures,
    counts,
    changes: forColumns(changes, columns),
  };
}

export type ImportQueries = ReturnType<typeof importQueries>;
