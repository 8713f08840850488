/**
 * The SQL of an import, one statement per file in `queries/`. `{{JOINER|TEMPLATE}}` repeats TEMPLATE for every column of the
 * roster except `unique_id` and `active`, joined by JOINER. In TEMPLATE, `@name` is the column's name in the database, `@label`
 * its name for people, `@type` its type, `@new` the staged value, `@old` the user's value, and `@text` the user's value or
 * null.
 */
import { type Column, COLUMNS } from "../../domain/columns.ts";
import * as statements from "./statements.ts";

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
    ...statements,
    stage: forColumns(statements.stage, VALUE_COLUMNS),
    findRepeats: forColumns(statements.findRepeats, columns),
    makePlan: forColumns(statements.makePlan, columns),
    createUsers: forColumns(statements.createUsers, columns),
    updateValues: forColumns(statements.updateValues, columns),
    changes: forColumns(statements.changes, columns),
  };
}

export type ImportQueries = ReturnType<typeof importQueries>;
