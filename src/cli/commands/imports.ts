/** `rosterd imports` and `rosterd imports show ID`: the history of imports. */
import type { Failure, ImportEntry } from "../../importer/ports.ts";
import type { HeldColumn, HeldPage, HeldUser } from "../../domain/decision.ts";
import { reasonWords } from "../../domain/outcome.ts";
import type { Sql } from "../../postgres/connection/connect.ts";
import { findImport, listFailures, listImports } from "../../postgres/history/history.ts";
import { listHeld } from "../../postgres/history/holds.ts";
import { hasCode } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { type ServiceClient, withAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG, WrongUsage } from "../command.ts";
import { feedOf } from "../feed_flag.ts";
import { feedPath } from "../../domain/feed.ts";
import { decidedWords, printHold, stateWords } from "../print_hold.ts";
import { countWords, printReport } from "../print_report.ts";
import type { Terminal } from "../terminal.ts";

export const importsCommand: Command = {
  words: "imports",
  flags: {
    ...JSON_FLAG,
    limit: { value: "N", help: "list at most N imports (20)" },
    feed: { value: "NAME", help: "list only imports of this feed" },
  },
  summary: "list the imports, newest first",
  help: "Lists the imports, newest first.",
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

/** The maximum number of failures, or held users, in one HTTP response. */
const MAX_SHOWN = 1_000;

type Page = { imports: ImportEntry[]; next: number | null };

async function runList(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const limit = wholeNumber(String(flags.limit ?? 20), "--limit", 200);
  const query = { limit, ...(flags.feed === undefined ? {} : { feed: feedOf(flags) }) };
  const page = await withAccess(
    invocation,
    ({ sql }) => listImports(sql, query).catch((error): Page => ifNoSchema(error, { imports: [], next: null })),
    (service) => service.ask("GET", `/imports?${new URLSearchParams(query as never)}`) as Promise<Page>,
  );
  if (flags.json) terminal.out(JSON.stringify(page, null, 2));
  else if (page.imports.length === 0) terminal.out("no imports yet");
  else {
    for (const entry of page.imports) {
      const time = terminal.paint.faint(entry.started_at.replace(/\.\d+/, ""));
      const decisions = entry.decisions.map(({ what, counts }) => `${what}: ${decidedWords(counts)}`);
      const outcome = [outcomeWords(entry), ...decisions].join("; ");
      terminal.out(
        `${entry.id}  ${time}  ${stateWords(entry)}  ${printable(feedPath(entry.feed, entry.file))}: ${outcome}`,
      );
    }
  }
  return EXIT.ok;
}

/** The counts, or why no record was applied. */
function outcomeWords(entry: ImportEntry): string {
  return entry.reason === null ? countWords({ ...entry, failures: [] }) : printable(reasonWords(entry.reason));
}

interface ShownImport {
  entry: ImportEntry;
  failures: Failure[];
  held: HeldUser[];
  /** The columns for which the change guard held the file. */
  columns: HeldColumn[];
}

async function runShow(invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation;
  const id = importId(operands[0]);
  const found = await withAccess(invocation, ({ sql }) => ownImport(sql, id), (service) => serviceImport(service, id));
  if (found === null) throw noSuchImport(id);
  const { entry, failures, held, columns } = found;
  const all = { ...entry, failures, held_users: held, held_columns: columns };
  if (flags.json) terminal.out(JSON.stringify(all, null, 2));
  else printImport(terminal, found);
  return EXIT.ok;
}

async function ownImport(sql: Sql, id: number): Promise<ShownImport | null> {
  const entry = await findImport(sql, id).catch((error) => ifNoSchema(error, null));
  if (entry === null) return null;
  const failures = (await listFailures(sql, id, { limit: MAX_SHOWN }))?.failures ?? [];
  const { held = [], columns = [] } = await listHeld(sql, id, { limit: MAX_SHOWN }) ?? {};
  return { entry, failures, held, columns };
}

async function serviceImport(service: ServiceClient, id: number): Promise<ShownImport> {
  const ask = <T>(path: string) => service.ask("GET", `/imports/${id}${path}`) as Promise<T>;
  const entry = await ask<ImportEntry>("");
  const { failures } = await ask<{ failures: Failure[] }>(`/failures?limit=${MAX_SHOWN}`);
  const { held, columns } = await ask<HeldPage>(`/held?limit=${MAX_SHOWN}`);
  return { entry, failures, held, columns };
}

/** The warnings about holds. */
const HOLD_CODES = ["archivings_held", "changes_held"];

function printImport(terminal: Terminal, { entry, failures, held, columns }: ShownImport): void {
  // `printHold` prints the current state of the hold; the warning describes its state during the import.
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

function wholeNumber(text: string, name: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  const range = most < 1e9 ? `from 1 to ${most}` : "of at least 1";
  throw new WrongUsage(`${name} must be a whole number ${range}, not "${text}"`);
}

/** Returns `instead` for the error undefined_table: rosterd has never used this database. */
export function ifNoSchema<T>(error: unknown, instead: T): T {
  if (hasCode(error, "42P01")) return instead;
  throw error;
}
