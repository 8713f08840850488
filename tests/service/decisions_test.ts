import assert from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { Busy } from "../../src/http/service.ts";
import type { Database } from "../../src/postgres/connection/connect.ts";
import { BakFolder } from "../../src/inbox/bak/bak_folder.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { createHoldService } from "../../src/service/hold_service.ts";
import { CachedImportHistory } from "../../src/service/cached_import_history.ts";
import { initialState, type RunningImport } from "../../src/service/state.ts";

Deno.test("while an import uses the embedded database, decisions and lists of held users fail as busy", async () => {
  const untouchable = new Proxy({ kind: "embedded" }, {
    get(target, name) {
      if (name === "kind") return target.kind;
      throw new Error(`${String(name)} of the database was asked for`);
    },
  }) as Database;
  const databaseMonitor = { ask: <T>(question: () => Promise<T>) => question() };
  const state = { ...initialState(DEFAULT_SETTINGS), running: { id: 3 } as RunningImport };
  const history = new CachedImportHistory({
    database: untouchable,
    bakOf: () => new BakFolder("bak"),
    state,
    databaseMonitor,
  });
  const stopping = new AbortController().signal;
  const decisions = createHoldService({
    database: untouchable,
    history,
    state,
    databaseMonitor,
    stopping,
    log: silentLog,
    ...{ store: new PostgresImportStore(untouchable), bakOf: () => new BakFolder("bak"), clock: systemClock },
    onApplied: () => {},
  });
  const { signal } = new AbortController();
  for (
    const asked of [
      decisions.approve(1, signal, "admin"),
      decisions.discard(1, signal, "admin"),
      decisions.undo(1, signal, "admin"),
    ]
  ) {
    await assert.rejects(asked, Busy);
  }
  await assert.rejects(history.held(1, { limit: 1 }), Busy);
});
