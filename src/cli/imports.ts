/** `rosterd imports` and `rosterd imports show ID`: the history. */
import type { Failure, ImportEntry } from "../importer/ports.ts";
import { findImport, listFailures, listImports } from "../postgres/history.ts";
import { MOST_FAILURES_REPORTED } from "../domain/outcome.ts";
import { printable } from "../runtime/log.ts";
import { withAccess } from "./access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG, WrongUsage } from "./command.ts";
import { countWords, printReport } from "./print_report.ts";

export const importsCommand: Command = {
  words: "imports",
  operands: "",
  least: 0,
  most: 0,
  flags: { ...JSON_FLAG, limit: { value: "N", help: "how many (20)" } },
  summary: "list the imports, newest first",
  help: "Lists the imports, newest first.",
  run: runList,
};

export const showCommand: Command = {
  words: "imports show",
  operands: "ID",
  least: 1,
  most: 1,
  flags: JSON_FLAG,
  summary: "show one import with its failures",
  help: "Shows one import with its counts, its warnings and its first thousand failures.",
  run: runShow,
};

type Page = { imports: ImportEntry[]; next: number | null };

async function runList({ config, flags, terminal }: Invocation): Promise<number> {
  const limit = wholeNumber(String(flags.limit ?? 20), "--limit", 200);
  const page = await withAccess(
    config,
    ({ sql }) =>
      listImports(sql, { limit }).catch((error): Page => whereNoSchemaIs(error, { imports: [], next: null })),
    (service) => service.ask("GET", `/imports?limit=${limit}`) as Promise<Page>,
  );
  if (flags.json) terminal.out(JSON.stringify(page, null, 2));
  else if (page.imports.length === 0) terminal.out("there are no imports yet");
  else {
    for (const entry of page.imports) {
      const time = terminal.paint.faint(entry.started_at.replace(/\.\d+/, ""));
      terminal.out(
        `${entry.id}  ${time}  ${entry.status}  ${printable(entry.file)}: ${countWords({ ...entry, failures: [] })}`,
      );
    }
  }
  return EXIT.ok;
}

async function runShow({ config, operands, flags, terminal }: Invocation): Promise<number> {
  const id = wholeNumber(operands[0], "ID", Number.MAX_SAFE_INTEGER);
  const limit = MOST_FAILURES_REPORTED;
  const found = await withAccess<{ entry: ImportEntry; failures: Failure[] } | null>(
    config,
    async ({ sql }) => {
      const entry = await findImport(sql, id).catch((error) => whereNoSchemaIs(error, null));
      return entry && { entry, failures: (await listFailures(sql, id, { limit }))?.failures ?? [] };
    },
    async (service) => {
      const entry = await service.ask("GET", `/imports/${id}`) as ImportEntry;
      const page = await service.ask("GET", `/imports/${id}/failures?limit=${limit}`) as { failures: Failure[] };
      return { entry, failures: page.failures };
    },
  );
  if (found === null) throw new CommandFailed(`there is no import ${id}`);
  const whole = { ...found.entry, failures: found.failures };
  if (flags.json) terminal.out(JSON.stringify(whole, null, 2));
  else {
    printReport(terminal, whole);
    const { started_at, finished_at, bak_file, failed_file, mail } = found.entry;
    terminal.out(`  started ${started_at}, finished ${finished_at ?? "not yet"}, mail ${mail}`);
    if (bak_file !== null) {
      terminal.out(`  in bak: ${[bak_file, failed_file].filter((name) => name !== null).join(", ")}`);
    }
  }
  return EXIT.ok;
}

function wholeNumber(text: string, name: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  throw new WrongUsage(`${name} must be a whole number from 1${most < 1e9 ? ` to ${most}` : ""}, not "${text}"`);
}

/** A database that rosterd never worked on has no history: undefined_table. */
function whereNoSchemaIs<T>(error: unknown, instead: T): T {
  if ((error as { code?: unknown }).code === "42P01") return instead;
  throw error;
}
