/** Wires the service together for `rosterd serve` and the end-to-end tests. */
import { resolve } from "node:path";
import type { Config } from "./config.ts";
import { makeDataFolder, readAdminToken, readOrMakeAdminToken, removeAbandonedChecks } from "./host/data_folder.ts";
import { BrokenTokensFile, TokensFile } from "./host/tokens_file.ts";
import { UnusableData } from "./host/unusable_data.ts";
import { LastImport } from "./host/last_import.ts";
import { removeServiceRecord, writeServiceRecord } from "./host/service_record.ts";
import { openSettingsFile } from "./host/settings_file.ts";
import { createHttp } from "./http/app.ts";
import type { Tokens } from "./http/tokens.ts";
import { serveHttp } from "./http/serve.ts";
import { ADMIN_TOKEN, READ_TOKEN, type Role } from "./domain/access.ts";
import type { Settings } from "./domain/settings.ts";
import type { SettingsFile } from "./host/settings_file.ts";
import type { Database } from "./postgres/connection/connect.ts";
import { isDatabaseUnreachable } from "./postgres/connection/errors.ts";
import type { LinkTimeouts } from "./postgres/connection/backend_probe.ts";
import { PostgresImportStore } from "./postgres/import/import_store.ts";
import { ensureSearchIndex } from "./postgres/search_index.ts";
import { Leadership } from "./postgres/leadership.ts";
import type { Clock } from "./runtime/clock.ts";
import { RequestPriority } from "./runtime/request_priority.ts";
import { codeOrThrow, describeError } from "./runtime/errors.ts";
import { IntervalLoop } from "./runtime/interval_loop.ts";
import type { Log } from "./runtime/log.ts";
import type { Notify } from "./runtime/notify_socket.ts";
import { Alerts } from "./service/alerts.ts";
import { createErasing, createHoldService } from "./service/hold_service.ts";
import { DatabaseMonitor } from "./service/database_monitor.ts";
import { CachedImportHistory } from "./service/cached_import_history.ts";
import { FeedFolders } from "./service/feed_folders.ts";
import { createMailer } from "./service/mailer.ts";
import { openDatabase } from "./service/open_database.ts";
import { clearExpired } from "./service/retention.ts";
import { Replay } from "./service/replay.ts";
import { RosterdService } from "./service/service.ts";
import { initialState, type ServiceState } from "./service/state.ts";
import { Turns } from "./service/turns.ts";
import { Watchdog } from "./service/watchdog.ts";
import { secretDigest } from "./runtime/secrets.ts";
import { createTransport } from "./smtp/transport.ts";

export interface AppOptions {
  config: Config;
  version: string;
  clock: Clock;
  log: Log;
  linkTimeouts?: LinkTimeouts;
  /** A second folder for the service record. Commands that do not know the data folder find the record there. */
  runFolder?: string;
  /** Reports the state of the service to the supervisor of the process. */
  notify?: Notify;
  /** Called when the HTTP interface no longer responds. The caller must then end the process. */
  onHang?: () => void;
}

/** The running service. Disposal stops the service cleanly. */
export interface App extends AsyncDisposable {
  readonly url: string;
  /** Resolves when the service has stopped. Rejects with the error that stopped the service. */
  readonly ended: Promise<void>;
}

const MAIL_INTERVAL_MS = 10_000;
const RETENTION_INTERVAL_MS = 3_600_000;
const INDEX_INTERVAL_MS = 60_000;

/**
 * Starts the service, even if the database is unreachable. Throws if the settings are not valid, the address is in use,
 * or the database is unsuitable.
 */
export async function createApp(options: AppOptions, signal: AbortSignal): Promise<App> {
  const { config, clock } = options;
  await using starting = new AsyncDisposableStack();
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);

  await makeDataFolder(config.data);
  await removeAbandonedChecks(config.data);
  await makeUploadFolder(config.upload);
  const settingsFile = openSettingsFile(config.settings, clock, "http", config.smtpPassword);
  const { settings } = await settingsFile.read();
  const tokens = await createTokens(config, clock, options.log);
  const database = await openDatabase(config, options.linkTimeouts);
  starting.defer(() => database.close());

  const requestPriority = starting.use(await RequestPriority.open());
  const parts = { database, settingsFile, settings, requestPriority };
  const { service, databaseMonitor, turns, leadership, folders, loops } = assemble(options, parts, stopping);
  starting.defer(() => folders.close());
  await databaseMonitor.start();
  const hosts = { listen: config.listen.hostname, more: config.hosts };
  const onRequest = () => requestPriority.begin();
  const http = createHttp(service, { ...options, hosts, tokens });
  const server = await serveHttp(http, { ...config.listen, onRequest }, stopping);
  starting.defer(() => server.close());
  const record = {
    address: server.url,
    pid: Deno.pid,
    started_at: clock.now().toISOString(),
    data: resolve(config.data),
  };
  await writeServiceRecord(config.data, record);
  starting.defer(() => removeServiceRecord(config.data, record));
  if (options.runFolder !== undefined) {
    const { runFolder } = options;
    // All users can read the record, because it contains no secrets and requests still need the token.
    await writeServiceRecord(runFolder, record, 0o644);
    starting.defer(() => removeServiceRecord(runFolder, record));
  }
  starting.defer(() => leadership.resign());
  const movedAt = () => ({ database: databaseMonitor.movedAt, turns: turns.movedAt });
  const { notify = null, onHang = () => {} } = options;
  const watchdog = new Watchdog({ ...server, ...{ clock, log: options.log, notify, movedAt, onHang } });

  const running = starting.move();
  const ended = Promise.all([...loops, watchdog].map((loop) => loop.run(stopping))).then(() => {}).finally(async () => {
    stop.abort();
    await running.disposeAsync();
  });
  return {
    url: server.url,
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

/** Errors are ignored, because the first scan reports why the folder cannot be used. */
async function makeUploadFolder(upload: string): Promise<void> {
  await Deno.mkdir(upload, { recursive: true }).catch(codeOrThrow);
}

/**
 * The tokens in the process settings come first, then the named tokens. All stored tokens are read again for every
 * request, so that a change takes effect at once.
 */
async function createTokens({ adminToken, readToken, data }: Config, clock: Clock, log: Log): Promise<Tokens> {
  const firstToken = adminToken ?? await readOrMakeAdminToken(data);
  const file = new TokensFile(data, clock);
  const own = (name: Role, secret: string) => ({
    name,
    role: name,
    kind: "token" as const,
    sha256: secretDigest(secret),
  });
  return {
    credentials: async () => [
      own(ADMIN_TOKEN, adminToken ?? await readAdminToken(data) ?? firstToken),
      ...readToken === null ? [] : [own(READ_TOKEN, readToken)],
      ...await file.credentials().catch((error) => {
        // If the file is damaged, the admin's token still works, so that the admin can repair the file.
        if (!(error instanceof BrokenTokensFile || error instanceof UnusableData)) throw error;
        log.error("named_tokens_not_read", { reason: error.message });
        return [];
      }),
    ],
    startSession: (link) => file.startSession(link),
  };
}

interface Opened {
  database: Database;
  settingsFile: SettingsFile;
  settings: Settings;
  requestPriority: RequestPriority;
}

function assemble(
  { config, version, clock, log }: AppOptions,
  { database, settingsFile, settings, requestPriority }: Opened,
  stopping: AbortSignal,
) {
  const state = initialState(settings);
  const folders = new FeedFolders({ upload: config.upload, clock, log });
  const bakOf = (feed: string) => folders.bakOf(feed);
  const databaseMonitor = new DatabaseMonitor({ database, clock, log });
  const leadership = new Leadership(database);
  const lastImport = new LastImport(config.data, log);
  const history = new CachedImportHistory({ database, bakOf, state, databaseMonitor });
  const store = new PostgresImportStore(database, {
    onBegun: () => history.refreshBeforeImport(),
    greatestId: lastImport,
  });
  const yieldToRequests = () => requestPriority.yieldToRequests();
  const deciding = { database, history, state, databaseMonitor, stopping, log };
  const decisions = createHoldService({
    ...{ ...deciding, store, bakOf, clock, yieldToRequests },
    onApplied: () => void turns.trigger(),
  });
  const erase = createErasing(deciding);
  const transport = createTransport({ password: config.smtpPassword ?? undefined });
  const outbox = createMailer({ database, bakOf, transport, state, clock, log });
  const alerts = new Alerts(database, clock);
  const replay = new Replay({ sql: database.sql, folders, state, log });

  const mails = leaderLoop("mail", MAIL_INTERVAL_MS, { clock, log, databaseMonitor, state }, async () => {
    if ((await outbox.sendDue(stopping)).sent > 0) await history.refresh();
  });
  const clearing = leaderLoop("clear", RETENTION_INTERVAL_MS, { clock, log, databaseMonitor, state }, async () => {
    await clearExpired({ database, bakOf, clock, log, signal: stopping }, state.settings);
    await folders.measureBaks(state.settings, true);
  });
  const indexing = leaderLoop("index", INDEX_INTERVAL_MS, { clock, log, databaseMonitor, state }, async () => {
    if (database.kind === "server" && await ensureSearchIndex(database.sql)) log.info("search_index_created");
  });
  const turns = new Turns({
    ...{ state, settingsFile, folders, store, databaseMonitor, leadership, clock, log },
    yieldToRequests,
    onTurn: async (changed) => {
      if (changed) await history.refresh();
      await replay.look(leadership.term);
      await folders.measureBaks(state.settings, changed);
      await alerts.raise(state, await folders.lateWrites(state.settings));
      mails.trigger();
    },
  });
  databaseMonitor.onUsable = async (version) => {
    await history.refreshIfChanged(version);
    // A standby learns which ids the leader assigns; the leader learns which ids a command assigns.
    await lastImport.note(history.totals.lastImportId);
  };
  databaseMonitor.onBack = () => {
    replay.lookAgain();
    void turns.trigger();
  };
  const service = new RosterdService({
    ...{ version, config, clock, log, settingsFile, database, databaseMonitor },
    ...{ history, decisions, erase, store, state, folders, replay, turns, outbox, transport },
  });
  return {
    service,
    databaseMonitor,
    turns,
    leadership,
    folders,
    loops: [turns, databaseMonitor, mails, clearing, indexing],
  };
}

type LoopOptions = Pick<AppOptions, "clock" | "log"> & { databaseMonitor: DatabaseMonitor; state: ServiceState };

/** Runs leader-only work at an interval while the database is usable and no import is running. */
function leaderLoop(
  what: string,
  ms: number,
  { clock, log, databaseMonitor, state }: LoopOptions,
  work: () => Promise<void>,
): IntervalLoop {
  return new IntervalLoop({
    clock,
    interval: () => ms,
    work: async () => {
      // A standby sends no email, because its upload folder may lack the files to attach.
      if (databaseMonitor.unavailableReason === null && !state.standby && state.running === null) await work();
    },
    onError: (error) => {
      if (isDatabaseUnreachable(error)) databaseMonitor.report(error);
      else log.error("work_failed", { what, error: describeError(error) });
    },
  });
}
