/** Connects the outbox to its sources: history and held users from the database, failed records from `bak`. */
import { addressList } from "../domain/setting_values.ts";
import type { Settings } from "../domain/settings.ts";
import { changesFile, changesFileName } from "../importer/files/changes_file.ts";
import { heldFile, heldFileName } from "../importer/files/held_file.ts";
import type { ImportEntry } from "../importer/ports.ts";
import type { BakFolder } from "../inbox/bak/bak_folder.ts";
import type { Database, Sql } from "../postgres/connection/connect.ts";
import { groupFailures } from "../postgres/history/failure_groups.ts";
import { findImport } from "../postgres/history/history.ts";
import { allHeld, listHeld } from "../postgres/history/holds.ts";
import { allTrialChanges } from "../postgres/history/trial_changes.ts";
import { newMessageId, PostgresOutboxStore } from "../postgres/history/outbox_store.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { AttachmentSource } from "../smtp/attachment.ts";
import { MAX_GROUPS_SHOWN } from "../smtp/failure_parts.ts";
import { MAX_HELD_SHOWN } from "../smtp/hold_parts.ts";
import { html } from "../smtp/html.ts";
import { Outbox } from "../smtp/outbox.ts";
import { lead } from "../smtp/part.ts";
import type { Message, Transport } from "../smtp/transport.ts";
import type { ServiceState } from "./state.ts";

export interface MailerOptions {
  database: Database;
  bakOf: (feed: string) => BakFolder;
  transport: Transport;
  state: ServiceState;
  clock: Clock;
  log: Log;
}

export function createMailer(
  { database: { sql }, bakOf, transport, state, clock, log }: MailerOptions,
): Outbox {
  return new Outbox({
    store: new PostgresOutboxStore(sql),
    findImport: (id) => findImport(sql, id),
    loadDetails: async ({ id, hold }) => {
      // The query asks for one more group than the email shows, to find out whether there are more.
      const groups = await groupFailures(sql, id, MAX_GROUPS_SHOWN + 1);
      const page = hold === null ? null : await listHeld(sql, id, { limit: MAX_HELD_SHOWN });
      return { ...groups, held: page?.held ?? [], heldColumns: page?.columns ?? [] };
    },
    failedFile: ({ feed, failed_file }) =>
      Promise.resolve(failed_file === null ? null : storedFile(bakOf(feed), failed_file)),
    heldFile: (entry) => Promise.resolve(heldList(sql, entry)),
    changesFile: (entry) => Promise.resolve(changesList(sql, entry)),
    transport,
    settings: () => state.settings,
    clock,
    log,
  });
}

/** The email that `POST /settings/test-mail` sends. */
export function testMessage(settings: Settings, now: Date): Message {
  const subject = "rosterd: test email";
  const text = "This is a test email from rosterd. rosterd will email failed records to this address.";
  return {
    messageId: newMessageId(settings.reply_to_admin_email),
    date: now,
    from: settings.reply_to_admin_email,
    to: addressList(settings.failed_import_email),
    subject,
    text: `${text}\n`,
    html: html(subject, [lead("good", text)]),
    attachments: [],
  };
}

/** Reads a file in `bak`. Errors have a `code`. */
export function storedFile(bak: BakFolder, name: string): AttachmentSource {
  const read = async function* () {
    const file = await bak.open(name);
    try {
      yield* file.read();
    } finally {
      await file.close();
    }
  };
  return { name, read };
}

/** The held users; null once the hold has been approved or discarded. */
function heldList(sql: Sql, { id, file, bak_file, hold }: ImportEntry): AttachmentSource | null {
  if (hold?.state !== "open" || hold.kind === "changes") return null;
  return { name: heldFileName(bak_file ?? file), read: () => heldFile(allHeld(sql, id)) };
}

function changesList(sql: Sql, { id, file, bak_file, status }: ImportEntry): AttachmentSource | null {
  if (status !== "checked") return null;
  return { name: changesFileName(bak_file ?? file), read: () => changesFile(allTrialChanges(sql, id)) };
}
