/** An idle service rarely queries the database but still notices changes made by other programs. */
import assert from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { BakFolder } from "../../src/inbox/bak/bak_folder.ts";
import type { Sql } from "../../src/postgres/connection/connect.ts";
import { historyVersion } from "../../src/postgres/history/history.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { CachedImportHistory } from "../../src/service/cached_import_history.ts";
import { initialState } from "../../src/service/state.ts";
import { Outbox, type OutboxStore } from "../../src/smtp/outbox.ts";
import { onServer } from "../postgres/roster_database.ts";
import { until } from "../support/until.ts";

function counting(sql: Sql): { sql: Sql; statements: () => number } {
  let statements = 0;
  const counted = new Proxy(sql, {
    apply(target, self, args) {
      statements++;
      return Reflect.apply(target, self, args);
    },
    get(target, name) {
      if (name === "unsafe") statements++;
      return Reflect.get(target, name);
    },
  });
  return { sql: counted, statements: () => statements };
}

onServer("the history is read again only after a change", async (db) => {
  const { sql, statements } = counting(db.database.sql);
  const databaseMonitor = { ask: <T>(question: () => Promise<T>) => question() };
  const state = initialState(DEFAULT_SETTINGS);
  const history = new CachedImportHistory({
    database: { ...db.database, sql },
    bakOf: () => new BakFolder("bak"),
    state,
    databaseMonitor,
  });
  const refresh = async () => await history.refreshIfChanged(await historyVersion(db.sql));
  await refresh();
  assert.ok(statements() > 0);
  const before = statements();
  for (let times = 0; times < 5; times++) await refresh();
  assert.equal(statements(), before);

  await db.import("unique_id,login_source\n1,ldap\n");
  await until("the import shows", async () => {
    await refresh();
    return history.totals.lastImportAt !== null;
  });
  await db.sql`update rosterd.imports set hold_state = 'open', hold_reason = 'too many'`;
  await until("the hold shows", async () => {
    await refresh();
    return history.totals.openHolds === 1;
  });
});

onServer("a change made during an import is read once the import has ended", async (db) => {
  const databaseMonitor = { ask: <T>(question: () => Promise<T>) => question() };
  const state = initialState(DEFAULT_SETTINGS);
  const history = new CachedImportHistory({
    database: db.database,
    bakOf: () => new BakFolder("bak"),
    state,
    databaseMonitor,
  });
  await db.import("unique_id,login_source\n1,ldap\n");
  state.running = {
    id: 1,
    feed: "",
    file: "x.csv",
    started_at: "",
    stage: "merging",
    bytes: 1,
    total_bytes: 1,
    records: 1,
  };
  await history.refreshIfChanged("1");
  assert.equal(history.totals.lastImportAt, null);
  state.running = null;
  await history.refreshIfChanged("1");
  assert.notEqual(history.totals.lastImportAt, null);
});

Deno.test("without waiting mails, the outbox runs one query and sends nothing", async () => {
  const asked: PropertyKey[] = [];
  const store = new Proxy({}, {
    get: (_, name) => () => {
      asked.push(name);
      return Promise.resolve(0);
    },
  }) as OutboxStore;
  const settings = {
    ...DEFAULT_SETTINGS,
    reply_to_admin_email: "admin@rosterd.example",
    failed_import_email: "clerk@school.example",
    smtp: { ...DEFAULT_SETTINGS.smtp, host: "127.0.0.1" },
  };
  const outbox = new Outbox({
    store,
    settings: () => settings,
    findImport: () => Promise.resolve(null),
    loadDetails: () => Promise.reject(new Error("no import has details")),
    failedFile: () => Promise.resolve(null),
    heldFile: () => Promise.resolve(null),
    changesFile: () => Promise.resolve(null),
    transport: () => Promise.reject(new Error("no mail may be sent")),
    clock: systemClock,
    log: silentLog,
  });
  assert.deepEqual(await outbox.sendDue(new AbortController().signal), { sent: 0, waiting: 0 });
  assert.deepEqual(asked, ["countWaiting"]);
});
