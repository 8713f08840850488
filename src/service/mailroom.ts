/** The outbox with its sources: the history tells what to mail, `bak` holds the failed records that go with it. */
import type { Settings } from "../domain/settings.ts";
import type { Database } from "../postgres/connect.ts";
import { findImport, listFailures } from "../postgres/history.ts";
import { PostgresOutboxStore } from "../postgres/outbox_store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import { storedFile } from "../smtp/attachment.ts";
import { createOutbox, type Outbox } from "../smtp/outbox.ts";
import type { Transport } from "../smtp/transport.ts";

const FAILURES_IN_A_MAIL = 20;

export interface MailroomOptions {
  database: Database;
  bakFolder: string;
  transport: Transport;
  /** The settings in force now. */
  settings: () => Settings;
  clock: Clock;
  log: Log;
}

export function createMailroom(
  { database: { sql }, bakFolder, transport, settings, clock, log }: MailroomOptions,
): Outbox {
  return createOutbox({
    store: new PostgresOutboxStore(sql),
    loadImport: async (id) => {
      const entry = await findImport(sql, id);
      const page = await listFailures(sql, id, { limit: FAILURES_IN_A_MAIL });
      return entry && { entry, failures: page?.failures ?? [] };
    },
    failedFile: ({ failed_file }) =>
      Promise.resolve(failed_file === null ? null : storedFile(failed_file, `${bakFolder}/${failed_file}`)),
    heldFile: () => Promise.resolve(null),
    transport,
    settings,
    clock,
    log,
  });
}
