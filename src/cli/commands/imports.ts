/** `rosterd imports` and `rosterd imports show ID`: the import history. */
import type { Failure, ImportEntry } from "../../importer/ports.ts";
import type { HeldColumn, HeldPage, HeldUser } from "../../domain/decision.ts";
import { IMPORT_STATUSES, type ImportQuery, reasonWords } from "../../domain/outcome.ts";
import type { Sql } from "../../postgres/connection/connect.ts";
import { findImport, listFailures, listImports } from "../../postgres/history/history.ts";
import { listHeld } from "../../postgres/history/holds.ts";
import { hasCode } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { type ServiceClient, withAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import { feedOf } from "../feed_flag.ts";
import { feedPath } from "../../domain/feed.ts";
import { localTime } from "../local_time.ts";
import { oneOf } from "../one_of.ts";
import { decidedWords, printHold, stateWords } from "../print_hold.ts";
import { countWords, printReport } from "../print_report.ts";
import type { Terminal } from "../terminal.ts";
import { timeFlag } from "../time_flag.ts";
import { wholeNumber } from "../whole_number.ts";

export const importsCommand: Command = {
  words: "imports",
  flags: {
    ...JSON_FLAG,
    limit: { value: "N", help: "list at most N imports (20)" },
    status: { value: "STATUS", help: `list only imports with this status: ${IMPORT_STATUSES.join(", ")}` },
    since: { value: "DATE", help: "list only imports that started on or after this date or time" },
    until: { value: "DATE", help: "list only imports that started by the end of this date or before this time" },
    file: { value: "TEXT", help: "list only imports of files whose name contains this text" },
    feed: { value: "NAME", help: "list only imports of this feed" },
  },
  summary: "list the imports, newest first",
  help: "Lists the imports, newest first, with times in this machine's time zone.",
  run: runList,
};

export const showCommand: Command = {
  words: "imports show",
  operands: { words: "ID", min: 1, max: 1 },
  flags: JSON_FLAG,
  summary: "show one import with its failures and held users",
  help:
    "Shows one import with its counts, warnings and first failures, the users that the archive guard held, and the columns\n" +
    "for which the change guard held its file.\n" +
    "With --json, prints the first 1,000 failures, the first 1,000 held users as held_users, and the columns as held_columns.",
  run: runShow,
};

/** The maximum number of failures or held users in one HTTP response. */
const MAX_SHOWN = 1_000;

type Page = { imports: ImportEntry[]; next: number | null };

async function runList(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const query = listQuery(flags);
  const page = await withAccess(
    invocation,
    ({ sql }) => listImports(sql, query).catch((error): Page => ifNoSchema(error, { imports: [], next: null })),
    (service) => service.ask("GET", `/imports?${new URLSearchParams(query as never)}`) as Promise<Page>,
  );
  if (flags.json) terminal.out(JSON.stringify(page, null, 2));
  else if (page.imports.length > 0) printTable(terminal, page.imports);
  else terminal.out(Object.keys(query).length === 1 ? "no imports yet" : "no imports match");
  return EXIT.ok;
}

/** Converts the flags to parameters of `GET /imports`. Throws {@link WrongUsage}. */
function listQuery(flags: Invocation["flags"]): ImportQuery {
  const { since, until, file } = flags as Record<string, string | undefined>;
  const status = oneOf(flags, "status", IMPORT_STATUSES);
  return {
    limit: wholeNumber(String(flags.limit ?? 20), "--limit", 200),
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { since: timeFlag(since, "--since") }),
    ...(until === undefined ? {} : { until: timeFlag(until, "--until", true) }),
    ...(file === undefined ? {} : { file }),
    ...(flags.feed === undefined ? {} : { feed: feedOf(flags) }),
  };
}

function printTable({ out, paint }: Terminal, imports: readonly ImportEntry[]): void {
  const rows = imports.map((entry) => {
    const decisions = entry.decisions.map(({ what, counts }) => `${what}: ${decidedWords(counts)}`);
    const file = printable(feedPath(entry.feed, entry.file));
    return [
      ...[String(entry.id), localTime(entry.started_at), stateWords(entry), file],
      [outcomeWords(entry), ...decisions].join("; "),
    ];
  });
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  for (const [id, time, ...words] of rows) {
    const padded = words.map((text, at) => at === words.length - 1 ? text : text.padEnd(widths[at + 2]));
    out([id.padStart(widths[0]), paint.faint(time), ...padded].join("  "));
  }
}

/** The counts, or the reason why no records were applied. */
function outcomeWords(entry: ImportEntry): string {
  return entry.reason === null ? countWords({ ...entry, failures: [] }) : printable(reasonWords(entry.reason));
}

interface ShownImport {
  entry: ImportEntry;
  failures: Failure[];
  held: HeldUser[];
  /** The columns that made the change guard hold the file. */
  columns: HeldColumn[];
}

async function runShow(invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation;
  const id = importId(operands[0]);
  const found = await withAccess(invocation, ({ sql }) => ownImport(sql, id), (service) => serviceImport(service, id));
  if (found === null) throw noSuchImport(id);
  if (flags.json) terminal.out(JSON.stringify(importDetails(found), null, 2));
  else printImport(terminal, found);
  return EXIT.ok;
}

/** The document that `imports show --json` prints, and `import --json` for each file. */
export function importDetails({ entry, failures, held, columns }: ShownImport) {
  return { ...entry, failures, held_users: held, held_columns: columns };
}

/** Returns null if the import does not exist. */
export async function ownImport(sql: Sql, id: number): Promise<ShownImport | null> {
  const entry = await findImport(sql, id).catch((error) => ifNoSchema(error, null));
  if (entry === null) return null;
  const failures = (await listFailures(sql, id, { limit: MAX_SHOWN }))?.failures ?? [];
  const { held = [], columns = [] } = await listHeld(sql, id, { limit: MAX_SHOWN }) ?? {};
  return { entry, failures, held, columns };
}

async function serviceImport(service: ServiceClient, id: number): Promise<ShownImport> {
  const ask = <T>(path: string) => service.ask("GET", `/imports/${id}${path}`) as Promise<T>;
  const entry = await ask<ImportEntry>(""), failures = await failuresFrom(service, id);
  const { held, columns } = await ask<HeldPage>(`/held?limit=${MAX_SHOWN}`);
  return { entry, failures, held, columns };
}

/** The first failures of an import. */
export async function failuresFrom(service: ServiceClient, id: number): Promise<Failure[]> {
  const path = `/imports/${id}/failures?limit=${MAX_SHOWN}`;
  return (await service.ask("GET", path) as { failures: Failure[] }).failures;
}

/** The warnings about holds. */
const HOLD_CODES = ["archivings_held", "changes_held"];

function printImport(terminal: Terminal, { entry, failures, held, columns }: ShownImport): void {
  // Warnings about the hold are left out, because they describe its state during the import. `printHold` prints the
  // current state.
  const warnings = entry.warnings.filter(({ code }) => entry.hold === null || !HOLD_CODES.includes(code));
  printReport(terminal, { ...entry, file: feedPath(entry.feed, entry.file), warnings, failures });
  printHold(terminal, entry, held, columns);
  const { started_at, finished_at, bak_file, failed_file, mail } = entry;
  for (const { what, at, by, counts } of entry.decisions) {
    terminal.out(`  ${what} ${at} by ${printable(by)}: ${decidedWords(counts)}`);
  }
  terminal.out(`  started ${started_at}, finished ${finished_at ?? "not yet"}, mail ${mail}`);
  if (bak_file !== null) {
    terminal.out(
      `  in ${feedPath(entry.feed, "bak")}: ${[bak_file, failed_file].filter((name) => name !== null).join(", ")}`,
    );
  }
}

export function importId(text: string): number {
  return wholeNumber(text, "ID", Number.MAX_SAFE_INTEGER);
}

export function noSuchImport(id: number): CommandFailed {
  return new CommandFailed(`import ${id} does not exist`);
}

/** Returns `instead` on the error undefined_table, which means that rosterd has never used this database. */
export function ifNoSchema<T>(error: unknown, instead: T): T {
  if (hasCode(error, "42P01")) return instead;
  throw error;
}
