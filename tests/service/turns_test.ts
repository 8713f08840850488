/** How often the folder is looked at between turns: often enough to see files settle, and seldom when a look takes long. */
import assert from "node:assert/strict";
import { settingsSchema } from "../../src/domain/settings.ts";
import type { SettingsFile } from "../../src/host/settings_file.ts";
import { emptyScan, UnusableFolder } from "../../src/importer/ports.ts";
import type { ImportStore } from "../../src/importer/ports.ts";
import type { UploadFolder } from "../../src/inbox/inbox.ts";
import type { Leadership } from "../../src/postgres/leadership.ts";
import { createLog } from "../../src/runtime/log.ts";
import type { DatabaseMonitor } from "../../src/service/database_monitor.ts";
import { initialState } from "../../src/service/state.ts";
import { Turns } from "../../src/service/turns.ts";

/** A database that is away: every turn only looks. Looks are due every second, by the clock of the test. */
async function looksInAMinute(look: (clock: { seconds: number }) => void): Promise<number> {
  const clock = { seconds: 0, now: () => new Date(clock.seconds * 1_000), elapsed: () => clock.seconds * 1_000 };
  const settings = settingsSchema.parse({ settle_seconds: 1, interval_minutes: 1_440 });
  let looks = 0;
  const turns = new Turns({
    state: initialState(settings),
    clock,
    inbox: {
      scan() {
        looks++;
        look(clock);
        return Promise.resolve(emptyScan());
      },
    } as unknown as UploadFolder,
    settingsFile: {
      read: () => Promise.resolve({ settings, etag: "1" }),
      noteEdits: async () => {},
    } as unknown as SettingsFile,
    databaseMonitor: { isWorthATry: false } as DatabaseMonitor,
    leadership: { term: new AbortController().signal } as Leadership,
    store: {} as ImportStore,
    log: createLog({ level: "error", format: "json", now: clock.now, write: () => {} }),
    onTurn: async () => {},
  });
  const stop = new AbortController();
  const ended = turns.run(stop.signal);
  await turns.trigger();
  const [begun, lookedBefore] = [clock.seconds, looks];
  while (clock.seconds < begun + 60) {
    clock.seconds++;
    await turns.settingsChanged();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  stop.abort();
  await ended;
  return looks - lookedBefore;
}

Deno.test("a folder that answers at once is looked at every time that it is due", async () => {
  assert.equal(await looksInAMinute(() => {}), 60);
});

Deno.test("a folder where a look takes 3 s is looked at every 30 s", async () => {
  assert.equal(await looksInAMinute((clock) => clock.seconds += 3), 2);
});

Deno.test("a look that fails, however long it took, does not put off the next one", async () => {
  let failed = false;
  const failsOnce = (clock: { seconds: number }) => {
    if (failed || clock.seconds < 10) return;
    failed = true;
    clock.seconds += 3;
    throw new UnusableFolder("upload_hanging", "The folder hangs", "wait");
  };
  assert.equal(await looksInAMinute(failsOnce), 58);
});
