/** Mails each system alert once (docs/mail.md#alerts). The outbox remembers them, so a restart does not repeat any. */
import type { LateWrite } from "../domain/late_write.ts";
import type { Alert } from "../domain/mail.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import type { WaitingFile } from "../importer/ports.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { noImportSince } from "../postgres/history/history.ts";
import { alertOnce } from "../postgres/history/outbox_store.ts";
import type { Clock } from "../runtime/clock.ts";
import { printable } from "../runtime/log.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { utcMinute } from "../smtp/text.ts";

const HOUR_MS = 3_600_000;

export class Alerts {
  readonly #stuckSince = new Map<string, number>();

  constructor(private readonly database: Database, private readonly clock: Clock) {}

  /** Puts due alerts into the outbox. Does nothing without mail settings. */
  async raise(settings: Settings, stuck: readonly WaitingFile[], grown: readonly LateWrite[]): Promise<void> {
    const stuckForLong = this.#stuckForAnHour(stuck);
    if (!mailConfigured(settings)) return;
    const { sql } = this.database, sender = settings.reply_to_admin_email;
    if (settings.expected_every_hours > 0) {
      const since = new Date(this.clock.now().getTime() - settings.expected_every_hours * HOUR_MS);
      const last = await noImportSince(sql, since);
      if (last !== null) {
        await alertOnce(sql, sender, `no_file ${last.toISOString()}`, noFile(settings.expected_every_hours, last));
      }
    }
    for (const file of stuckForLong) await alertOnce(sql, sender, `stuck ${file.name} ${file.since}`, stuckFile(file));
    for (const file of grown) await alertOnce(sql, sender, `grown ${file.bakFile}`, lateWrite(file));
  }

  #stuckForAnHour(stuck: readonly WaitingFile[]): (WaitingFile & { since: number })[] {
    const now = this.clock.elapsed();
    const names = new Set(stuck.map(({ name }) => name));
    for (const name of this.#stuckSince.keys()) if (!names.has(name)) this.#stuckSince.delete(name);
    for (const { name } of stuck) if (!this.#stuckSince.has(name)) this.#stuckSince.set(name, now);
    return stuck
      .map((file) => ({ ...file, since: Math.floor(this.#stuckSince.get(file.name)!) }))
      .filter(({ since }) => now - since >= HOUR_MS);
  }
}

function noFile(hours: number, last: Date): Alert {
  const time = counted(hours, "hour");
  return {
    subject: `rosterd: no file for ${time}`,
    text: `No roster has been imported since ${utcMinute(last.toISOString())}. One is expected every ${time}.\n\n` +
      "Check that the registry still sends its files, and that they reach the upload folder.\n",
  };
}

function stuckFile({ name, text }: WaitingFile): Alert {
  return {
    subject: `rosterd: ${printable(name)}: not imported for an hour`,
    text: `The file "${printable(name)}" has not been imported for an hour.\n` +
      `Reason: ${text.replace(/^waiting: /, "")}.\n\n` +
      "Nothing was applied. rosterd retries the file on every scan. For details, run  rosterd doctor  and  rosterd status\n",
  };
}

function lateWrite({ name, bakFile, imported, size }: LateWrite): Alert {
  return {
    subject: `rosterd: ${printable(name)}: grew after it was imported`,
    text: `The file "${printable(name)}" grew after it was imported: from ${grouped(imported)} to ${grouped(size)} ` +
      `bytes.\n\n` +
      `Another program was still writing to it, so the new bytes were not imported. They are in ${bakFile}, in the ` +
      `folder "bak" inside the upload folder. Upload the whole file again.\n`,
  };
}
