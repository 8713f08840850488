/** `rosterd check FILE…`: a dry run of an import. */
import type { CheckReport } from "../../importer/report.ts";
import { type Database, requireSuitable } from "../../postgres/connection/connect.ts";
import { PostgresImportStore } from "../../postgres/import/import_store.ts";
import { printable } from "../../runtime/log.ts";
import { counted } from "../../runtime/grouped.ts";
import { type ServiceClient, withAccess, withServer } from "../access.ts";
import { feedOf } from "../feed_flag.ts";
import { type Command, EMBEDDED_FLAG, FEED_FLAG, type Invocation, JSON_FLAG } from "../command.ts";
import { quoted, valueWords } from "../changed_words.ts";
import { type CheckOne, ownCheck, serviceCheck } from "../check_operand.ts";
import { printLikelyFixes } from "../print_findings.ts";
import { printHeldColumns } from "../print_hold.ts";
import { exitCodeOf, printReport } from "../print_report.ts";
import { feedInForce } from "../settings_in_force.ts";
import type { Terminal } from "../terminal.ts";

const MAX_CHANGES_PRINTED = 20;

export const checkCommand: Command = {
  words: "check",
  operands: { words: "FILE…", min: 1, max: Infinity },
  flags: { ...JSON_FLAG, ...EMBEDDED_FLAG, ...FEED_FLAG },
  summary: "show the changes that importing files would make now",
  help:
    "Shows the result of importing the files now: counts, failures, warnings, the first users who would change, and the\n" +
    "settings that would help.\n" +
    "Writes nothing, delays no import, and creates no tables in an empty database.",
  run: runCheck,
};

async function runCheck(invocation: Invocation): Promise<number> {
  const { operands, flags, terminal } = invocation, feed = feedOf(flags);
  const all = async (check: CheckOne) => {
    const reports: CheckReport[] = [];
    for (const path of operands) reports.push(await check(path));
    return reports;
  };
  const reports = await withNamedDatabase(
    invocation,
    async (database) => {
      await requireSuitable(database.sql);
      const store = new PostgresImportStore(database);
      return await all(ownCheck(invocation, { store, ...await feedInForce(invocation) }));
    },
    (service) => all(serviceCheck(service, feed)),
  );
  terminal.progress("");
  if (flags.json) terminal.out(JSON.stringify({ checks: reports }, null, 2));
  else {
    for (const report of reports) {
      printReport(terminal, report, true);
      printHeldColumns(terminal, report.held_columns);
      printChanges(terminal, report);
      printKept(terminal, report);
      printLikelyFixes(terminal, report);
    }
  }
  return exitCodeOf(reports);
}

/** Unlike other commands, this command prefers the server in DATABASE_URL to the running service. */
async function withNamedDatabase<T>(
  invocation: Invocation,
  own: (database: Database) => Promise<T>,
  over: (service: ServiceClient) => Promise<T>,
): Promise<T> {
  const { config, flags } = invocation;
  return !flags.embedded && config.databaseUrl !== null
    ? await withServer(invocation, own)
    : await withAccess(invocation, own, over);
}

function printChanges({ out, paint }: Terminal, report: CheckReport): void {
  const { changes, created, updated, archived, reactivated, held, missing_archived, missing_held, merged } = report;
  for (const { unique_id, outcome, columns } of changes.slice(0, MAX_CHANGES_PRINTED)) {
    const pairs = valueWords({ outcome, columns });
    const changed = paint.faint(pairs.length === 0 ? "" : ` (${pairs.join(", ")})`);
    out(`  would be ${outcome}: ${printable(unique_id)}${changed}`);
  }
  const more = created + updated + archived + reactivated + held + missing_archived + missing_held + merged -
    MAX_CHANGES_PRINTED;
  if (more > 0) out(paint.faint(`  … and ${counted(more, "more user")}`));
}

function printKept({ out }: Terminal, { kept }: CheckReport): void {
  for (const { unique_id, column, roster, kept: value } of kept.slice(0, MAX_CHANGES_PRINTED)) {
    out(`  would keep: ${printable(unique_id)} (${column} ${quoted(value)}, not ${quoted(roster)})`);
  }
}
