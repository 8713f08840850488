/** `rosterd doctor`: looks at everything that rosterd needs, and says of each what it found and what mends it. */
import { join } from "node:path";
import type { Config } from "../../config.ts";
import { bad, type Finding, good, warning } from "../../domain/finding.ts";
import type { Settings } from "../../domain/settings.ts";
import { checkData, checkDisk, checkSettings, checkUser } from "../../host/doctor.ts";
import { UnusableData } from "../../host/unusable_data.ts";
import type { StatusDocument } from "../../http/service.ts";
import { riskySettings } from "../../importer/warnings.ts";
import { checkFolders } from "../../inbox/doctor.ts";
import { checkDatabase, embedded } from "../../postgres/doctor.ts";
import { codeOrThrow } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { EmbeddedInUse, openDatabase } from "../../service/open_database.ts";
import { checkMail } from "../../smtp/doctor.ts";
import { findService } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
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
    "what to do where it is not good. Run it as the user of the service. Hidden files are made where\n" +
    "rosterd writes, one is renamed to bak, and all are removed; nothing else is changed, and no mail is sent.\n" +
    "Exits with 0 when nothing is bad, with 78 when the settings do not hold, else with 1.",
  run: runDoctor,
};

async function runDoctor(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const findings: Finding[] = [];
  terminal.progress("looking …");
  for await (const finding of examineAll(invocation)) {
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

async function* examineAll({ config, clock, signal }: Invocation): AsyncGenerator<Finding> {
  const { finding, settings } = await checkSettings(config.settings, clock);
  yield finding;
  yield checkUser();
  yield* config.databaseUrl === null ? examineEmbedded(config) : examineOwn(config);
  yield* checkFolders(config.upload);
  yield await checkDisk("upload_disk", config.upload);
  yield await checkData(config.data);
  yield await checkDisk("data_disk", config.data);
  if (settings === null) return;
  yield await checkMail(settings, { password: config.smtpPassword ?? undefined }, signal);
  yield* examineArchiving(settings);
}

async function* examineOwn(config: Config): AsyncGenerator<Finding> {
  const database = await openDatabase(config);
  try {
    yield* checkDatabase(database);
  } finally {
    await database.close();
  }
}

/** The embedded database is not made for this; while a service has it, that service is asked. */
async function* examineEmbedded(config: Config): AsyncGenerator<Finding> {
  if (!await isThere(join(config.data, "postgres"))) {
    yield embedded("no DATABASE_URL is given: the first start makes an embedded PostgreSQL");
    return;
  }
  try {
    yield* examineOwn(config);
  } catch (error) {
    if (error instanceof UnusableData) yield bad("database", error.message, "See the data folder below.");
    else if (error instanceof EmbeddedInUse) yield await askService(config, error);
    else throw error;
  }
}

async function askService(config: Config, inUse: EmbeddedInUse): Promise<Finding> {
  const mend = "Wait for the end of that process, or ask it: rosterd status.";
  try {
    const service = await findService(config);
    if (service === null) return warning("database", inUse.message, mend);
    const { database } = await service.ask("GET", "/status") as StatusDocument;
    if (database.state === "usable") return embedded("the running service has the embedded PostgreSQL, and can use it");
    return bad("database", `the running service cannot use the embedded PostgreSQL: ${database.text}`, "Restart it.");
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return warning("database", `${inUse.message}; ${error.message}`, mend);
  }
}

const ARCHIVING_FIXES: Readonly<Record<string, string>> = {
  no_archive_guard: "Run: rosterd settings set archive_guard.max_percent=10",
  archives_without_mail: "Set smtp.host, reply_to_admin_email and failed_import_email.",
};

/** Whether users may lose access without anybody being asked or told. */
function* examineArchiving(settings: Settings): Generator<Finding> {
  const { archive_inactive_users, missing_users, archive_guard } = settings;
  const risks = riskySettings(settings);
  for (const { code, text } of risks) {
    yield warning("archiving", text, ARCHIVING_FIXES[code] ?? "Look at the settings of archiving.");
  }
  if (risks.length > 0) return;
  const archives = archive_inactive_users || missing_users === "archive";
  const { max_percent, min_users } = archive_guard;
  yield good(
    "archiving",
    archives ? `above ${max_percent} percent and ${min_users} users archivings wait for consent` : "nobody is archived",
  );
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
