/** `rosterd doctor`: checks everything that rosterd needs and says how to fix each problem. */
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { bad, type Finding, warning } from "../../domain/finding.ts";
import { UnusableData } from "../../host/unusable_data.ts";
import { checkDatabase, embedded } from "../../postgres/doctor.ts";
import { codeOrThrow } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { counted } from "../../runtime/grouped.ts";
import { runChecks } from "../../service/doctor.ts";
import { EmbeddedInUse, openDatabase } from "../../service/open_database.ts";
import { findService } from "../access.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import type { Terminal } from "../terminal.ts";

export const doctorCommand: Command = {
  words: "doctor",
  flags: JSON_FLAG,
  summary: "check everything that rosterd needs, and explain how to fix problems",
  help:
    "Checks the settings, database, rights, folders, disks and mail login. Prints each result and possible fixes.\n" +
    "A running service does the checks itself. Otherwise this command does them, as the service's user if possible: it\n" +
    "creates hidden files where rosterd writes, moves one to bak, and removes them all. For any other user, even root, it\n" +
    "derives the service's rights from owners and modes. It changes nothing else, and sends no email.\n" +
    "Exits with 0 if no check fails, with 78 if the settings are not valid, and otherwise with 1.",
  run: runDoctor,
};

async function runDoctor(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const findings: Finding[] = [];
  terminal.progress("checking …");
  for await (const finding of findingsOf(invocation)) {
    findings.push(finding);
    if (!flags.json) printFinding(terminal, finding);
    terminal.progress("checking …");
  }
  terminal.progress("");
  if (flags.json) terminal.out(JSON.stringify({ findings }, null, 2));
  else printSummary(terminal, findings);
  const isBad = findings.filter(({ verdict }) => verdict === "bad");
  if (isBad.some(({ check }) => check === "settings")) return EXIT.configuration;
  return isBad.length > 0 ? EXIT.other : EXIT.ok;
}

/** Asks the running service to run the checks. If no service is running, the command runs the checks itself. */
async function* findingsOf(invocation: Invocation): AsyncGenerator<Finding> {
  const service = await findService(invocation).catch((error) => {
    // The error is ignored, because the checks report an unusable data folder.
    if (error instanceof UnusableData) return null;
    throw error;
  });
  if (service !== null) {
    const { findings } = await service.ask("GET", "/doctor") as { findings: Finding[] };
    return yield* findings;
  }
  const { config, clock, signal } = invocation;
  yield* runChecks({ config, clock, signal, database: () => ownDatabase(config) });
}

async function* ownDatabase(config: Config): AsyncGenerator<Finding> {
  if (config.databaseUrl !== null) return yield* checkOwn(config);
  if (!await exists(join(config.data, "postgres"))) {
    return yield embedded("DATABASE_URL is not set: the first start creates an embedded PostgreSQL");
  }
  try {
    yield* checkOwn(config);
  } catch (error) {
    if (error instanceof UnusableData) yield bad("database", error.message, "See the data folder check below.");
    else if (!(error instanceof EmbeddedInUse)) throw error;
    else yield warning("database", error.message, "Wait until that process ends, or check on it with: rosterd status");
  }
}

async function* checkOwn(config: Config): AsyncGenerator<Finding> {
  const database = await openDatabase(config);
  try {
    yield* checkDatabase(database);
  } finally {
    await database.close();
  }
}

/** A path that cannot be accessed counts as existing, because opening it will report the reason. */
async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => codeOrThrow(error) !== "ENOENT");
}

const LABEL_WIDTH = "warning".length;

function printFinding({ out, paint }: Terminal, { check, verdict, text, fix }: Finding): void {
  out(`${paint[verdict](verdict.padEnd(LABEL_WIDTH))}  ${check.replaceAll("_", " ")}: ${printable(text)}`);
  if (fix !== null) out(`${" ".repeat(LABEL_WIDTH)}  → ${printable(fix)}`);
}

function printSummary({ out, paint }: Terminal, findings: readonly Finding[]): void {
  const count = (wanted: string) => findings.filter(({ verdict }) => verdict === wanted).length;
  const [isBad, warnings] = [count("bad"), counted(count("warning"), "warning")];
  if (isBad > 0) {
    out(paint.bad(`rosterd is not ready: ${counted(isBad, "check failed", "checks failed")}, ${warnings}`));
  } else if (count("warning") > 0) out(paint.warning(`rosterd is ready, with ${warnings}`));
  else out(paint.good("rosterd is ready: all checks passed"));
}
