/**
 * Puts the service together: the one place where every part meets the others. Used by `rosterd serve` and by the
 * end-to-end tests, which get the same service as a user.
 *
 * Started first, closed last: settings, folder, database, HTTP; then the loops. A database that is away keeps none of it
 * from starting.
 */
import type { Config } from "./config.ts";
import { makeDataFolder, readAdminToken, readOrMakeAdminToken } from "./host/data_folder.ts";
import { removeServiceRecord, writeServiceRecord } from "./host/service_record.ts";
import { openSettingsFile } from "./host/settings_file.ts";
import { createHttp } from "./http/app.ts";
import { type HttpServer, serveHttp } from "./http/serve.ts";
import { Busy } from "./http/service.ts";
import { createInbox } from "./inbox/inbox.ts";
import { findImport, listFailures, readTotals, type Totals } from "./postgres/history.ts";
import { PostgresImportStore } from "./postgres/import_store.ts";
import { Leadership } from "./postgres/leadership.ts";
import { PostgresOutboxStore } from "./postgres/outbox_store.ts";
import type { Clock } from "./runtime/clock.ts";
import { Every } from "./runtime/every.ts";
import type { Log } from "./runtime/log.ts";
import { Alerts } from "./service/alerts.ts";
import { DatabaseKeeper } from "./service/database_keeper.ts";
import { HistoryDesk } from "./service/history_desk.ts";
import { openDatabase } from "./service/open_database.ts";
import { clearExpired } from "./service/retention.ts";
import { RosterdService } from "./service/service.ts";
import { Turns } from "./service/turns.ts";
import { storedFile } from "./smtp/attachment.ts";
import { createOutbox } from "./smtp/outbox.ts";
import { createTransport } from "./smtp/transport.ts";

export interface AppOptions {
  config: Config;
  version: string;
  clock: Clock;
  log: Log;
}

/** The running service. Disposing of it ends it in good order. */
export interface App extends AsyncDisposable {
  /** Base address of HTTP. */
  readonly url: string;
  /** Resolves when the service has ended, by the signal or by a fault; rejects with the fault. */
  readonly ended: Promise<void>;
}

const MAIL_EVERY_MS = 10_000;
const CLEAR_EVERY_MS = 3_600_000;
const FAILURES_IN_A_MAIL = 20;

/** Starts the service. Throws what keeps it from starting: broken settings, an address in use, an unsuitable database. */
export async function createApp({ config, version, clock, log }: AppOptions, signal: AbortSignal): Promise<App> {
  await using starting = new AsyncDisposableStack();
  const stop = new AbortController();
  const stopping = AbortSignal.any([signal, stop.signal]);

  await makeDataFolder(config.data);
  await Deno.mkdir(config.upload, { recursive: true });
  const settingsFile = openSettingsFile(config.settings, clock);
  const { settings } = await settingsFile.read();
  const adminToken = config.adminToken ?? await readOrMakeAdminToken(config.data);

  const database = await openDatabase(config);
  starting.defer(() => database.close());
  const bakFolder = `${config.upload}/bak`;
  const store = new PostgresImportStore(database, () => history.refreshBeforeImport());
  const leadership = new Leadership(database);
  const inbox = createInbox({ upload: config.upload, clock, log });
  const transport = createTransport({ password: config.smtpPassword ?? undefined });
  const alerts = new Alerts(database, clock);

  let totals: Totals = { mailsWaiting: 0, openHolds: 0, lastImportAt: null };
  const history = new HistoryDesk({ database, bakFolder, running: () => turns.running, busy: () => new Busy() });
  const refresh = async () => {
    totals = await readTotals(database.sql);
    await history.refresh();
  };
  const keeper = new DatabaseKeeper({
    database,
    clock,
    log,
    onUsable: async () => {
      if (turns.running === null) await refresh();
    },
  });

  const turns: Turns = new Turns({
    config,
    settingsFile,
    inbox,
    store,
    keeper,
    leadership,
    clock,
    log,
    onTurn: async () => {
      await refresh();
      await alerts.raise(turns.settings, [...turns.look.waiting, ...turns.postponed], await inbox.grownInBak());
      mails.soon();
    },
  }, settings);

  const outbox = createOutbox({
    store: new PostgresOutboxStore(database.sql),
    loadImport: async (id) => {
      const entry = await findImport(database.sql, id);
      const page = await listFailures(database.sql, id, { limit: FAILURES_IN_A_MAIL });
      return entry && { entry, failures: page?.failures ?? [] };
    },
    failedFile: ({ failed_file: name }) =>
      Promise.resolve(name === null ? null : storedFile(name, `${bakFolder}/${name}`)),
    heldFile: () => Promise.resolve(null),
    settings: () => turns.settings,
    transport,
    clock,
    log,
  });
  const whenUsable = (work: () => Promise<unknown>) => async () => {
    if (keeper.trouble === null && turns.running === null) await work();
  };
  const onError = (error: unknown) => keeper.report(error);
  const mails = new Every({
    clock,
    interval: () => MAIL_EVERY_MS,
    work: whenUsable(async () => {
      if ((await outbox.sendDue(stopping)).sent > 0) await refresh();
    }),
    onError,
  });
  const clearing = new Every({
    clock,
    interval: () => CLEAR_EVERY_MS,
    work: whenUsable(() => clearExpired({ database, bakFolder, clock, log }, turns.settings)),
    onError,
  });

  const service = new RosterdService({
    version,
    config,
    clock,
    settingsFile,
    database,
    keeper,
    history,
    store,
    turns,
    outbox,
    transport,
    totals: () => totals,
  });
  const http = createHttp(service, {
    version,
    hosts: { listen: config.listen.hostname, more: config.hosts },
    tokens: async () => ({
      admin: config.adminToken ?? await readAdminToken(config.data) ?? adminToken,
      read: config.readToken,
    }),
    clock,
    log,
  });

  await keeper.start();
  const server: HttpServer = await serveHttp(http, config.listen, stopping);
  starting.defer(() => server.close());
  const record = { address: server.url, pid: Deno.pid, started_at: clock.now().toISOString() };
  await writeServiceRecord(config.data, record);
  starting.defer(() => removeServiceRecord(config.data, record));
  starting.defer(() => leadership.resign());

  const loops = Promise.all([turns, keeper, mails, clearing].map((loop) => loop.run(stopping)));
  const running = starting.move();
  const ended = loops.then(() => {}).finally(async () => {
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
