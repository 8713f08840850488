/** `rosterd run`: makes the running service scan the upload folder now and prints the imports. */
import type { ImportEntry } from "../../importer/ports.ts";
import { feedPath } from "../../domain/feed.ts";
import { requireService, type ServiceClient } from "../access.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import { exitCodeOf, printReport } from "../print_report.ts";
import { failuresFrom } from "./imports.ts";

export const runCommand: Command = {
  words: "run",
  flags: JSON_FLAG,
  summary: "scan the upload folder now and show what was imported",
  help: "Makes the running service scan its folders now, waits until the scan ends, and shows what it imported.\n" +
    'Files that have not settled yet are not imported; "rosterd status" lists them.',
  run,
};

async function run(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const service = await requireService(invocation);
  const { imports } = await service.ask("POST", "/imports?wait=true") as { imports: ImportEntry[] };
  if (flags.json) terminal.out(JSON.stringify({ imports }, null, 2));
  else if (imports.length === 0) terminal.out(await nothingImported(service));
  else for (const entry of imports) printReport(terminal, await reportOf(service, entry));
  return imports.length === 0 ? EXIT.ok : exitCodeOf(imports);
}

async function nothingImported(service: ServiceClient): Promise<string> {
  const { waiting_count } = await service.ask("GET", "/status") as { waiting_count: number };
  return waiting_count === 0
    ? "no files to import"
    : 'no files were ready: run "rosterd status" to see which files are waiting, and why';
}

async function reportOf(service: ServiceClient, entry: ImportEntry) {
  const failures = entry.failed > 0 ? await failuresFrom(service, entry.id) : [];
  return { ...entry, file: feedPath(entry.feed, entry.file), failures };
}
