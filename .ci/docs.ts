/**
 * Generates tables in `docs/` from the source: settings, columns, commands. `deno task docs` writes each table between
 * its markers. `tests/docs/tables_test.ts` fails if a page is out of date.
 */
import { z } from "zod";
import { COMMANDS } from "../src/cli/commands.ts";
import { ALWAYS_REQUIRED, type Column, type ColumnKind, COLUMNS } from "../src/domain/columns.ts";
import { type Access, REQUIRED_ACCESS } from "../src/http/required_access.ts";
import { settingsSchema } from "../src/domain/settings.ts";

type Row = readonly string[];

/** The table between two markers of one page. */
export interface Block {
  /** The path of the page under `docs/`. */
  page: string;
  /** The word in the markers. */
  name: string;
  table: () => string;
}

export const BLOCKS: readonly Block[] = [
  { page: "settings.md", name: "settings", table: settingsTable },
  { page: "file-format.md", name: "columns", table: columnsTable },
  { page: "cli.md", name: "commands", table: commandsTable },
  { page: "http.md", name: "roles", table: rolesTable },
];

/** Returns the page with the new table. Throws if the page lacks the markers. */
export function withTable(page: string, { name, table }: Block): string {
  const begin = `<!-- ${name}: begin (deno task docs) -->`, end = `<!-- ${name}: end -->`;
  const from = page.indexOf(begin), to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the markers of "${name}" are missing`);
  return `${page.slice(0, from + begin.length)}\n\n${table()}\n\n${page.slice(to)}`;
}

/** The JSON Schema of one setting. */
interface Property {
  type?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
  default?: unknown;
  description?: string;
  properties?: Record<string, Property>;
}

function settingsTable(): string {
  const { properties } = z.toJSONSchema(settingsSchema, { io: "input" }) as Property;
  const rows = Object.entries(properties!).flatMap(([key, property]) => settingRows(key, property));
  return markdownTable([["key", "default", "values", ""], ...rows]);
}

/** An object has a row for each of its keys: `smtp.port`. */
function settingRows(key: string, property: Property): Row[] {
  if (property.properties !== undefined) {
    return [
      [code(key), "", "", property.description ?? ""],
      ...Object.entries(property.properties).flatMap(([name, inner]) => settingRows(`${key}.${name}`, inner)),
    ];
  }
  return [[code(key), code(JSON.stringify(property.default)), valuesOf(property), property.description ?? ""]];
}

/**
 * The maximum number of values in a cell. A longer list is omitted, because the message about a wrong value shows it.
 */
const MAX_VALUES_SHOWN = 4;

function valuesOf({ type, enum: values, minimum, maximum }: Property): string {
  if (values !== undefined) {
    return values.length > MAX_VALUES_SHOWN ? "a name" : values.map((value) => code(`"${value}"`)).join(" ");
  }
  if (type === "boolean") return "`true` `false`";
  if (type === "array") return "a list";
  if (type === "object") return "an object";
  if (minimum !== undefined && maximum !== undefined) {
    return `${minimum.toLocaleString("en")} to ${maximum.toLocaleString("en")}`;
  }
  return "text";
}

const FORMS: Readonly<Record<ColumnKind, string>> = {
  unique_id: "identifies the user",
  login_source: "one of `login_sources`, when that list is not empty",
  text: "",
  email: "one email address; unique among users",
  region: "two letters, stored in upper case",
  user_type: "one of `user_types`, when that list is not empty",
  date: "a real date `YYYY-MM-DD`, not after today (UTC)",
  flag: "`0` or `1`",
};

const FORMS_BY_NAME: Readonly<Record<string, string>> = {
  user_name: "unique among users",
  old_unique_id: "the id that the user had before: see [New ids](people.md#new-ids)",
};

function columnsTable(): string {
  return markdownTable([["column", "also accepted", "required", "length", "value"], ...COLUMNS.map(columnRow)]);
}

function columnRow({ name, otherNames, frenchNames, longest, kind }: Column): Row {
  const value = FORMS_BY_NAME[name] ?? FORMS[kind];
  const required = ALWAYS_REQUIRED.includes(name) ? "yes" : "";
  return [
    code(name),
    [...otherNames, ...frenchNames].map(code).join(" "),
    required,
    longest === 0 ? "" : String(longest),
    value,
  ];
}

function commandsTable(): string {
  const rows = COMMANDS.map((
    { words, operands, summary },
  ) => [code(`${words} ${operands?.words ?? ""}`.trim()), summary]);
  return markdownTable([["command", ""], ...rows]);
}

function rolesTable(): string {
  const calls = Object.groupBy(Object.entries(REQUIRED_ACCESS), ([, access]) => access);
  const rows = Object.entries(NEEDS).map(([access, needs]) => [
    needs,
    (calls[access as Access] ?? []).map(([call]) => code(call)).join(", "),
  ]);
  return markdownTable([["needs", "calls"], ...rows]);
}

const NEEDS: Record<Access, string> = {
  read: "read",
  clerk: "clerk",
  decide: "clerk if `clerks_may_decide` is on, otherwise admin",
  admin: "admin",
  link: "a [sign-in link](#sign-in)",
};

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** Pads the cells in the same way as `deno fmt`. */
function markdownTable(rows: readonly Row[]): string {
  const cells = rows.map((row) => row.map((cell) => cell.replaceAll("\n", " ")));
  const widths = cells[0].map((_, column) => Math.max(3, ...cells.map((row) => [...row[column]].length)));
  const line = (row: Row) =>
    `| ${row.map((cell, at) => cell + " ".repeat(widths[at] - [...cell].length)).join(" | ")} |`;
  return [line(cells[0]), line(widths.map((width) => "-".repeat(width))), ...cells.slice(1).map(line)].join("\n");
}

if (import.meta.main) {
  for (const block of BLOCKS) {
    const path = new URL(`../docs/${block.page}`, import.meta.url);
    await Deno.writeTextFile(path, withTable(await Deno.readTextFile(path), block));
  }
}
