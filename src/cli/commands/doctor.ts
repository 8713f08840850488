/** `rosterd doctor`: looks at everything that rosterd needs, and says of each what it found and what mends it. */
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { bad, type Finding, warning } from "../../domain/finding.ts";
import { UnusableData } from "../../host/unusable_data.ts";
import { checkDatabase, embedded } from "../../postgres/doctor.ts";
import { codeOrThrow } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { examineAll } from "../../service/doctor.ts";
import { EmbeddedInUse, openDatabase } from "../../service/open_database.ts";
import { findService } from "../access.ts";
import { type Command, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import type { Terminal } from "../terminal.ts";

export const doctorCommand: Command = {
  words: "doctor",
  operands: "",
  least: 0,
  most: 0,
  flags: JSON_FLAG,
  summary: "look at everything that rosterd needs, and say what mends it",
  help:
    "Looks at settings, database, rights, folders, disks and the login to the mail server: each with a verdict, and with\n" +
    "what to do where it is not good. The running service looks itself. Without one, the user of the service tries it:\n" +
    "hidden files are made where rosterd writes, one is renamed to bak, and all are removed. For another user, root too, rights\n" +
    "are calculated from owners and modes. Nothing else is changed, and no mail is sent.\n" +
    "Exits with 0 when nothing is bad, with 78 when the settings do not hold, else with 1.",
  run: runDoctor,
};

async function runDoctor(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const findings: Finding[] = [];
  terminal.progress("looking …");
  for await (const finding of findingsOf(invocation)) {
    findings.push(finding);
    if (!flags.json) printFinding(terminal, finding);
    terminal.progress("looking …");
  }
  terminal.progress("");
  if (flags.json) terminal.out(JSON.stringify(findings, null, 2));
  else printSum(terminal, findings);
  const isBad = findings.filter(({ verdict }) => verdict === "bad");
  if (isBad.some(({ check }) => check === "settings")) return EXIT.configuration;
  return isBad.length > 0 ? EXIT.other : EXIT.ok;
}

/** Asks the running service, which looks with its own eyes; else looks itself. */
async function* findingsOf(invocation: Invocation): AsyncGenerator<Finding> {
  const service = await findService(invocation).catch((error) => {
    // A data folder that cannot be looked into is one of the findings.
    if (error instanceof UnusableData) return null;
    throw error;
  });
  if (service !== null) return yield* await service.ask("GET", "/doctor") as Finding[];
  const { config, clock, signal } = invocation;
  yield* examineAll({ config, clock, signal, database: () => ownDatabase(config) });
}

async function* ownDatabase(config: Config): AsyncGenerator<Finding> {
  if (config.databaseUrl !== null) return yield* examineOwn(config);
  if (!await isThere(join(config.data, "postgres"))) {
    return yield embedded("no DATABASE_URL is given: the first start makes an embedded PostgreSQL");
  }
  try {
    yield* examineOwn(config);
  } catch (error) {
    if (error instanceof UnusableData) yield bad("database", error.message, "See the data folder below.");
    else if (!(error instanceof EmbeddedInUse)) throw error;
    else yield warning("database", error.message, "Wait for the end of that process, or ask it: rosterd status.");
  }
}

async function* examineOwn(config: Config): AsyncGenerator<Finding> {
  const database = await openDatabase(config);
  try {
    yield* checkDatabase(database);
  } finally {
    await database.close();
  }
}

/** What may not be looked at counts as there: whoever opens it says why. */
async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, (error) => codeOrThrow(error) !== "ENOENT");
}

const LABEL_WIDTH = "warning".length;

function printFinding({ out, paint }: Terminal, { check, verdict, text, mend }: Finding): void {
  out(`${paint[verdict](verdict.padEnd(LABEL_WIDTH))}  ${check.replaceAll("_", " ")}: ${printable(text)}`);
  if (mend !== null) out(`${" ".repeat(LABEL_WIDTH)}  → ${printable(mend)}`);
}

function printSum({ out, paint }: Terminal, findings: readonly Finding[]): void {
  const count = (wanted: string) => findings.filter(({ verdict }) => verdict === wanted).length;
  const [warnings, isBad] = [count("warning"), count("bad")];
  if (isBad > 0) out(paint.bad(`rosterd cannot do its work: ${isBad} bad, ${warnings} to think about`));
  else if (warnings > 0) out(paint.warning(`rosterd can do its work; ${warnings} to think about`));
  else out(paint.good("all is well"));
}
