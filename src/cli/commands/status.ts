/** `rosterd status`: as `GET /status`, read from the database and the folder. */
import { mailConfigured } from "../../domain/settings.ts";
import { openSettingsFile } from "../../host/settings_file.ts";
import type { StatusDocument } from "../../http/service.ts";
import { emptyScan, UnusableFolder } from "../../importer/ports.ts";
import { mailWarnings, riskySettings } from "../../importer/warnings.ts";
import { createInbox } from "../../inbox/inbox.ts";
import { leadsSince } from "../../postgres/leadership.ts";
import { NO_TOTALS, readTotals } from "../../postgres/history/history.ts";
import { hasCode } from "../../runtime/errors.ts";
import { printable } from "../../runtime/log.ts";
import { counted } from "../../smtp/text.ts";
import { withAccess } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
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
    "Exits with 1 when something keeps rosterd from importing.",
  run: runStatus,
};

async function runStatus(invocation: Invocation): Promise<number> {
  const { config, flags, terminal } = invocation;
  const status = await withAccess(
    config,
    async ({ sql, kind }) => {
      const leader = kind === "server" ? await leadsSince(sql) : null;
      return await ownStatus(invocation, kind, await readTotals(sql).catch(noTotals), leader);
    },
    (service) => service.ask("GET", "/status") as Promise<StatusDocument>,
  ).catch((error) => {
    if (!(error instanceof CommandFailed)) throw error;
    return ownStatus(invocation, config.databaseUrl === null ? "embedded" : "server", error.message);
  });
  if (flags.json) terminal.out(JSON.stringify(status, null, 2));
  else printStatus(invocation, status);
  return status.ready ? EXIT.ok : EXIT.other;
}

type TotalsOrTrouble = Awaited<ReturnType<typeof readTotals>> | string;

/** A database that rosterd never worked on: undefined_table. */
function noTotals(error: unknown): TotalsOrTrouble {
  if (hasCode(error, "42P01")) return NO_TOTALS;
  throw error;
}

const NO_SERVICE = { code: "no_service", text: "no rosterd works on this database now: start it with  rosterd serve" };

async function ownStatus(
  { config, version, clock, log }: Invocation,
  kind: "server" | "embedded",
  known: TotalsOrTrouble,
  leader: Date | null = null,
): Promise<StatusDocument> {
  const { settings } = await openSettingsFile(config.settings, clock).read();
  const { look, trouble } = await lookAt(createInbox({ upload: config.upload, clock, log }), settings.settle_seconds);
  const [away, totals] = typeof known === "string" ? [known, NO_TOTALS] : [null, known];
  const problems = [
    ...(away === null ? [] : [{ code: "database", text: away }]),
    ...(trouble === null ? [] : [{ code: trouble.code, text: trouble.message }]),
  ];
  return {
    version,
    ready: problems.length === 0,
    problems: [
      ...problems,
      ...(away === null && leader === null ? [NO_SERVICE] : []),
      ...mailWarnings(settings),
      ...riskySettings(settings),
    ],
    database: { kind, state: away === null ? "usable" : "away", ...(away === null ? {} : { text: away }) },
    folder: { path: config.upload, usable: trouble === null, ...(trouble === null ? {} : { text: trouble.message }) },
    settings: { valid: true },
    mail: { configured: mailConfigured(settings), waiting: totals.mailsWaiting },
    next_turn_at: null,
    standby: false,
    ...(leader === null ? {} : { leader_since: leader.toISOString() }),
    running: null,
    waiting: look.waiting,
    ignored: look.ignored,
    open_holds: totals.openHolds,
    holds: totals.holds,
    last_import_at: totals.lastImportAt,
  };
}

async function lookAt(inbox: ReturnType<typeof createInbox>, settleSeconds: number) {
  try {
    return { look: await inbox.scan(settleSeconds), trouble: null };
  } catch (error) {
    if (!(error instanceof UnusableFolder)) throw error;
    return { look: emptyScan(), trouble: error };
  }
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
