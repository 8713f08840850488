/**
 * `rosterd status`: shows `GET /status` of the running service, or the status of the database and the folder if no
 * service is running.
 */
import type { Config } from "../../config.ts";
import type { CodedText } from "../../domain/outcome.ts";
import { feedPath } from "../../domain/feed.ts";
import type { Settings } from "../../domain/settings.ts";
import { anyMailConfigured, feedsOf } from "../../domain/feed_settings.ts";
import { currentUser } from "../../host/user_rights.ts";
import type { StatusDocument } from "../../http/service.ts";
import { mailWarnings, riskySettings } from "../../importer/warnings.ts";
import { emptyScan } from "../../importer/inbox_port.ts";
import { BakFolder } from "../../inbox/bak/bak_folder.ts";
import { foldersOf } from "../../inbox/folders.ts";
import { checkFoldersFor, unreadableUploads } from "../../inbox/user_access.ts";
import { NO_TOTALS, readTotals, type Totals } from "../../postgres/history/history.ts";
import { leadsSince } from "../../postgres/leadership.ts";
import { byteSize } from "../../runtime/byte_size.ts";
import { codeOrThrow, nullOn } from "../../runtime/errors.ts";
import { feedStatus } from "../../service/feed_status.ts";
import { type FeedState, listedFiles, usability, waitingFiles } from "../../service/state.ts";
import { printable } from "../../runtime/log.ts";
import { accessOf, userOfService } from "../../service/doctor.ts";
import { counted, grouped } from "../../runtime/grouped.ts";
import { findService, noAccess, withDatabase } from "../access.ts";
import { type Command, CommandFailed, EXIT, type Invocation, JSON_FLAG } from "../command.ts";
import { ifNoSchema } from "./imports.ts";
import { settingsInForce } from "../settings_in_force.ts";
import type { Terminal } from "../terminal.ts";

export const statusCommand: Command = {
  words: "status",
  flags: JSON_FLAG,
  summary: "show the state of the service and the waiting files",
  help: "Shows whether the database, folder, settings and mail work, and which files are waiting and why.\n" +
    "Queries the running service. Exits with 1 if none is running, or if a problem keeps rosterd from importing.",
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

const NO_SERVICE = { code: "no_service", text: "no rosterd is using this database. Start it with: rosterd serve" };

/**
 * The status without a service on this machine. The status counts as ready only if a service on another machine is the
 * leader.
 */
async function ownStatus(invocation: Invocation): Promise<StatusDocument> {
  const { config, version, clock } = invocation;
  if (!await isInstalled(invocation)) throw noAccess(invocation);
  const settings = await settingsInForce(invocation);
  const { kind, unavailableReason, totals, leader } = await databaseNow(config);
  const { feeds, problems: folderProblems } = await foldersNow(config, settings);
  const problems = [
    ...(unavailableReason === null ? [] : [{ code: "database", text: unavailableReason }]),
    ...folderProblems,
    ...(leader === null ? [NO_SERVICE] : []),
  ];
  return {
    version,
    ready: problems.length === 0,
    problems: [...problems, ...mailWarnings(settings), ...riskySettings(settings)],
    database: unavailableReason === null
      ? { kind, state: "usable" }
      : { kind, state: "unreachable", text: unavailableReason },
    folder: {
      path: config.upload,
      ...usability(feeds.at(-1)!.unavailableReason),
    },
    feeds: feeds.map((feed) => feedStatus(feed, settings, totals, clock.now())),
    settings: { valid: true },
    mail: { configured: anyMailConfigured(settings), waiting: totals.mailsWaiting, next_at: totals.nextMailAt },
    next_turn_at: null,
    standby: false,
    ...(leader === null ? {} : { leader_since: leader.toISOString() }),
    running: null,
    ...listedFiles(waitingFiles({ feeds, elsewhere: [] }), []),
    open_holds: totals.openHolds,
    holds: totals.holds,
    last_import_at: totals.lastImportAt,
  };
}

/**
 * Whether an installation was found. If no installation was found, the command was probably run in the wrong folder.
 */
async function isInstalled({ config, installation }: Invocation): Promise<boolean> {
  if (config.databaseUrl !== null || installation.namedBy === "environment_file") return true;
  const places = [config.data, config.upload, config.settings];
  const found = await Promise.all(places.map((path) => nullOn(Deno.stat(path), "ENOENT", "ENOTDIR", "EACCES")));
  return found.some((stats) => stats !== null);
}

interface DatabaseNow {
  kind: "server" | "embedded";
  unavailableReason: string | null;
  totals: Totals;
  leader: Date | null;
}

/** The embedded database is not opened, because it belongs to the service. */
async function databaseNow(config: Config): Promise<DatabaseNow> {
  const unknown = { totals: NO_TOTALS, leader: null };
  if (config.databaseUrl === null) {
    return { kind: "embedded", unavailableReason: "only the service uses the embedded database", ...unknown };
  }
  try {
    return await withDatabase(config, async ({ sql }) => {
      const totals = await readTotals(sql).catch((error) => ifNoSchema(error, NO_TOTALS));
      return { kind: "server", unavailableReason: null, totals, leader: await leadsSince(sql) };
    });
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    return { kind: "server", unavailableReason: error.message, ...unknown };
  }
}

/**
 * Checks whether the service's user can use the folder of each feed. Uploads that the user cannot read count as
 * waiting.
 */
async function foldersNow(config: Config, settings: Settings): Promise<{ feeds: FeedState[]; problems: CodedText[] }> {
  const access = accessOf(await userOfService(config) ?? await currentUser());
  const problems: CodedText[] = [], feeds: FeedState[] = [];
  for (const feed of feedsOf(settings)) {
    const found: CodedText[] = [];
    for await (const { check, verdict, text } of checkFoldersFor(config.upload, access, feed)) {
      if (verdict === "bad") found.push({ code: check, text });
    }
    problems.push(...found);
    const waiting = await unreadableUploads(config.upload, access, feed);
    const bak = await BakFolder.of(foldersOf(config.upload, feed)).usage().catch((error: unknown) => {
      codeOrThrow(error);
      return null;
    });
    feeds.push({
      feed,
      unavailableReason: found[0] ?? null,
      scan: { ...emptyScan(), waiting },
      postponed: [],
      bak,
      notPacked: null,
    });
  }
  return { feeds, problems };
}

function printStatus({ terminal }: Invocation, status: StatusDocument): void {
  const { out, paint } = terminal;
  out(`rosterd ${status.version}: ${status.ready ? paint.good("ready") : paint.bad("not ready")}`);
  for (const { text } of status.problems) out(paint.warning(`  ${text}`));
  out(`  database: ${status.database.kind}, ${status.database.state}`);
  out(`  folder: ${status.folder.path}`);
  if (status.leader_since !== undefined) {
    out(`  an instance of rosterd has been using this database since ${status.leader_since}`);
  }
  if (status.last_import_at !== null) out(`  last import: ${status.last_import_at}`);
  if (status.next_turn_at !== null) out(`  next scan: ${status.next_turn_at}`);
  if (status.mail.waiting > 0) out(`  emails waiting: ${grouped(status.mail.waiting)}`);
  printBak(terminal, status);
  printFeeds(terminal, status);
  printGrace(terminal, status);
  printHolds(terminal, status);
  if (status.running !== null) {
    out(
      `  running: ${printable(feedPath(status.running.feed, status.running.file))}, ${
        counted(status.running.records, "record")
      }`,
    );
  }
  for (const { name, text } of status.waiting) out(`  ${printable(name)}: ${text}`);
  const moreWaiting = status.waiting_count - status.waiting.length;
  if (moreWaiting > 0) out(`  … and ${counted(moreWaiting, "more file is waiting", "more files are waiting")}`);
  for (const name of status.ignored) out(paint.faint(`  ignored: ${printable(name)}`));
  const moreIgnored = status.ignored_count - status.ignored.length;
  if (moreIgnored > 0) out(paint.faint(`  ignored: ${counted(moreIgnored, "more file")}`));
}

function printBak({ out }: Terminal, { feeds }: StatusDocument): void {
  const counts = feeds.flatMap(({ bak }) => bak ?? []);
  if (counts.length === 0) return;
  const files = counts.reduce((sum, { files }) => sum + files, 0);
  out(`  bak: ${counted(files, "file")}, ${byteSize(counts.reduce((sum, { bytes }) => sum + bytes, 0))}`);
}

/** One line for each feed, and one line for the upload folder itself if there is anything to report about it. */
function printFeeds({ out, paint }: Terminal, { feeds }: StatusDocument): void {
  for (const { name, usable, text, apply, paused_until, pending, last_import, expected_at } of feeds) {
    const facts = [
      ...(paused_until === null
        ? []
        : [`paused until ${paused_until}, ${counted(pending, "file waiting", "files waiting")}`]),
      ...(apply ? [] : ["trial: files are checked, not applied"]),
      ...(name === "" ? [] : [last_import === null ? "no file yet" : `last file ${last_import.finished_at}`]),
      ...(name === "" || expected_at === null ? [] : [`next expected by ${expected_at}`]),
    ];
    const line = `  ${name === "" ? "upload folder" : `feed ${name}`}: `;
    if (!usable) out(paint.bad(`${line}${text}`));
    else if (facts.length > 0) out(`${line}${facts.join("; ")}`);
  }
}

const MAX_WAITING_PRINTED = 20;

/** The users waiting to be archived, with their dates. */
function printGrace({ out, paint }: Terminal, { feeds }: StatusDocument): void {
  for (const { name, grace } of feeds) {
    if (grace === null) continue;
    const { waiting, due, users } = grace, whose = name === "" ? "" : `feed ${name}: `;
    out(
      `  ${whose}${counted(waiting, "user waits", "users wait")} to be archived, ${
        grouped(due)
      } of them by the next file`,
    );
    const shown = users.slice(0, MAX_WAITING_PRINTED);
    for (const { unique_id, archived_after } of shown) {
      out(`    ${printable(unique_id)}: by the first file after ${archived_after}`);
    }
    if (waiting > shown.length) out(paint.faint(`    … and ${grouped(waiting - shown.length)} more`));
  }
}

function printHolds({ out, paint }: Terminal, { open_holds, holds }: StatusDocument): void {
  for (const { id, kind, feed, file, users } of holds) {
    const what = kind === "changes" ? "its whole file" : counted(users, "user");
    const who = `import ${id} (${printable(feedPath(feed, file))}) holds ${what}`;
    out(paint.warning(`  ${who}: to see why and decide, run "rosterd imports show ${id}"`));
  }
  const more = open_holds - holds.length;
  if (more > 0) out(paint.warning(`  … and ${counted(more, "more import holds", "more imports hold")} users`));
}
