/** `rosterd status`: as `GET /status` of the running service; without one, what the database and the folder tell. */
import type { Config } from "../../config.ts";
import { mailConfigured } from "../../domain/settings.ts";
import { ownUser } from "../../host/eyes.ts";
import type { StatusDocument } from "../../http/service.ts";
import { mailWarnings, riskySettings } from "../../importer/warnings.ts";
import { foldersSeenBy, unreadableFor } from "../../inbox/seen_as.ts";
import { NO_TOTALS, readTotals, type Totals } from "../../postgres/history/history.ts";
import { leadsSince } from "../../postgres/leadership.ts";
import { nullOn } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { eyesOf, userOfService } from "../../service/doctor.ts";
import { counted } from "../../smtp/text.ts";
import { findService, nothingToAsk, withDatabase } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import { whereNoSchemaIs } from "./imports.ts";
import { settingsInForce } from "../settings_in_force.ts";
import type { Terminal } from "../terminal.ts";

export const statusCommand: Command = {
  words: "status",
  operands: "",
  least: 0,
  most: 0,
  flags: JSON_FLAG,
  summary: "say whether all is well, and what waits",
  help:
    "Says whether the database, the folder, the settings and the mail can be used, and which files wait and why.\n" +
    "Asks the running service. Exits with 1 when none runs, or when something keeps rosterd from importing.",
  run: runStatus,
};

async function runStatus(invocation: Invocation): Promise<number> {
  const { flags, terminal } = invocation;
  const service = await findService(invocation);
  const status = service === null ? await ownStatus(invocation) : await service.ask("GET", "/status") as StatusDocument;
  if (flags.json) terminal.out(JSON.stringify(status, null, 2));
  else printStatus(invocation, status);
  return status.ready ? EXIT.ok : EXIT.other;
}

const NO_SERVICE = { code: "no_service", text: "no rosterd works on this database now: start it with  rosterd serve" };

/** What can be told without a service; it is not ready unless one on another machine leads. */
async function ownStatus(invocation: Invocation): Promise<StatusDocument> {
  const { config, version } = invocation;
  if (!await isInstalled(invocation)) throw nothingToAsk(invocation);
  const settings = await settingsInForce(invocation);
  const { kind, away, totals, leader } = await databaseNow(config);
  const folder = await folderNow(config);
  const problems = [
    ...(away === null ? [] : [{ code: "database", text: away }]),
    ...folder.problems,
    ...(leader === null ? [NO_SERVICE] : []),
  ];
  return {
    version,
    ready: problems.length === 0,
    problems: [...problems, ...mailWarnings(settings), ...riskySettings(settings)],
    database: { kind, state: away === null ? "usable" : "away", ...(away === null ? {} : { text: away }) },
    folder: {
      path: config.upload,
      usable: folder.problems.length === 0,
      ...(folder.problems.length === 0 ? {} : { text: folder.problems[0].text }),
    },
    settings: { valid: true },
    mail: { configured: mailConfigured(settings), waiting: totals.mailsWaiting },
    next_turn_at: null,
    standby: false,
    ...(leader === null ? {} : { leader_since: leader.toISOString() }),
    running: null,
    waiting: folder.waiting,
    ignored: [],
    open_holds: totals.openHolds,
    holds: totals.holds,
    last_import_at: totals.lastImportAt,
  };
}

/** Whether anything of a rosterd is here: else whoever types this stands in the wrong folder. */
async function isInstalled({ config, installation }: Invocation): Promise<boolean> {
  if (config.databaseUrl !== null || installation.namedBy === "environment_file") return true;
  const places = [config.data, config.upload, config.settings];
  const found = await Promise.all(places.map((path) => nullOn(Deno.stat(path), "ENOENT", "ENOTDIR", "EACCES")));
  return found.some((stats) => stats !== null);
}

interface DatabaseNow {
  kind: "server" | "embedded";
  away: string | null;
  totals: Totals;
  leader: Date | null;
}

/** The embedded database is left alone: it is the service's. */
async function databaseNow(config: Config): Promise<DatabaseNow> {
  const nothing = { totals: NO_TOTALS, leader: null };
  if (config.databaseUrl === null) {
    return { kind: "embedded", away: "the embedded database is used by the service only", ...nothing };
  }
  try {
    return await withDatabase(config, async ({ sql }) => {
      const totals = await readTotals(sql).catch((error) => whereNoSchemaIs(error, NO_TOTALS));
      return { kind: "server", away: null, totals, leader: await leadsSince(sql) };
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { kind: "server", away: error.message, ...nothing };
  }
}

/** With the eyes of the service's user; of uploads, those that it may not read. */
async function folderNow(config: Config) {
  const eyes = eyesOf(await userOfService(config) ?? await ownUser());
  const problems: { code: string; text: string }[] = [];
  for await (const { check, verdict, text } of foldersSeenBy(config.upload, eyes)) {
    if (verdict === "bad") problems.push({ code: check, text });
  }
  return { problems, waiting: await unreadableFor(config.upload, eyes) };
}

function printStatus({ terminal }: Invocation, status: StatusDocument): void {
  const { out, paint } = terminal;
  out(`rosterd ${status.version}: ${status.ready ? paint.good("ready") : paint.bad("not ready")}`);
  for (const { text } of status.problems) out(paint.warning(`  ${text}`));
  out(`  database: ${status.database.kind}, ${status.database.state}`);
  out(`  folder: ${status.folder.path}`);
  if (status.leader_since !== undefined) out(`  a rosterd works on this database since ${status.leader_since}`);
  if (status.last_import_at !== null) out(`  last import: ${status.last_import_at}`);
  if (status.next_turn_at !== null) out(`  next turn: ${status.next_turn_at}`);
  if (status.mail.waiting > 0) out(`  mails waiting: ${status.mail.waiting}`);
  printHolds(terminal, status);
  if (status.running !== null) out(`  running: ${printable(status.running.file)}, ${status.running.records} records`);
  for (const { name, text } of status.waiting) out(`  ${printable(name)}: ${text}`);
  for (const name of status.ignored) out(paint.faint(`  left alone: ${printable(name)}`));
}

function printHolds({ out, paint }: Terminal, { open_holds, holds }: StatusDocument): void {
  for (const { id, file, users } of holds) {
    const who = `import ${id} (${printable(file)}) holds ${counted(users, "user")}`;
    out(paint.warning(`  ${who}: "rosterd imports show ${id}" says why and how to decide`));
  }
  if (open_holds > holds.length) out(paint.warning(`  … and ${open_holds - holds.length} more imports hold users`));
}
