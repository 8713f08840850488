/**
 * Tests how often the folder is scanned between turns. Scans must be frequent enough to notice settled files, and rare
 * if a scan takes a long time.
 */
import assert from "node:assert/strict";
import { settingsSchema } from "../../src/domain/settings.ts";
import type { SettingsFile } from "../../src/host/settings_file.ts";
import { emptyScan, UnusableFolder } from "../../src/importer/inbox_port.ts";
import type { ImportStore } from "../../src/importer/ports.ts";
import type { UploadFolder } from "../../src/inbox/inbox.ts";
import type { Leadership } from "../../src/postgres/leadership.ts";
import { createLog } from "../../src/runtime/log.ts";
import type { DatabaseMonitor } from "../../src/service/database_monitor.ts";
import { FeedFolder } from "../../src/service/feed_folder.ts";
import { initialState } from "../../src/service/state.ts";
import { Turns } from "../../src/service/turns.ts";

/**
 * Returns the number of scans in a minute. The database is unreachable, so a turn only scans. A scan is due every
 * second of the test's clock.
 */
async function scansInAMinute(scan: (clock: { seconds: number }) => void): Promise<number> {
  const clock = { seconds: 0, now: () => new Date(clock.seconds * 1_000), elapsed: () => clock.seconds * 1_000 };
  const settings = settingsSchema.parse({ settle_seconds: 1, interval_minutes: 1_440 });
  let scans = 0;
  const log = createLog({ level: "error", format: "json", now: clock.now, write: () => {} });
  const inbox = {
    scan() {
      scans++;
      scan(clock);
      return Promise.resolve(emptyScan());
    },
  } as unknown as UploadFolder;
  const folder = new FeedFolder({ feed: "", inbox, clock, log });
  const turns = new Turns({
    state: initialState(settings),
    clock,
    folders: { of: () => [folder], elsewhere: () => Promise.resolve([]) },
    settingsFile: {
      read: () => Promise.resolve({ settings, etag: "1" }),
      noteEdits: async () => {},
    } as unknown as SettingsFile,
    databaseMonitor: { isWorthTrying: false } as DatabaseMonitor,
    leadership: { term: new AbortController().signal } as Leadership,
    store: {} as ImportStore,
    log,
    onTurn: async () => {},
  });
  const stop = new AbortController();
  const ended = turns.run(stop.signal);
  await turns.trigger();
  const [begun, scansBefore] = [clock.seconds, scans];
  while (clock.seconds < begun + 60) {
    clock.seconds++;
    await turns.settingsChanged();
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  stop.abort();
  await ended;
  return scans - scansBefore;
}

Deno.test("a fast folder is scanned whenever a scan is due", async () => {
  assert.equal(await scansInAMinute(() => {}), 60);
});

Deno.test("a folder whose scan takes 3 s is scanned every 30 s", async () => {
  assert.equal(await scansInAMinute((clock) => clock.seconds += 3), 2);
});

Deno.test("a failed scan does not delay the next one, however long it took", async () => {
  let failed = false;
  const failsOnce = (clock: { seconds: number }) => {
    if (failed || clock.seconds < 10) return;
    failed = true;
    clock.seconds += 3;
    throw new UnusableFolder("upload_hanging", "The folder hangs", "wait");
  };
  assert.equal(await scansInAMinute(failsOnce), 58);
});
