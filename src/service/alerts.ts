/**
 * Alerts about the system (contract, section 4): no file for too long, a file that could not be imported for an hour, a file
 * that grew after it went to `bak`. Each is mailed once; what was mailed stands in the outbox, so a restart repeats none.
 */
import type { LateWrite } from "../domain/late_write.ts";
import type { Alert } from "../domain/mail.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import type { WaitingFile } from "../importer/ports.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { alertOnce, noImportSince } from "../postgres/history/alert_store.ts";
import type { Clock } from "../runtime/clock.ts";
import { printable } from "../runtime/log.ts";
import { counted } from "../smtp/text.ts";

const HOUR = 3_600_000;

export class Alerts {
  readonly #stuckSince = new Map<string, number>();

  constructor(private readonly database: Database, private readonly clock: Clock) {}

  /** Keeps the alerts that are due for sending. Without mail settings nobody could be told. */
  async raise(settings: Settings, stuck: readonly WaitingFile[], grown: readonly LateWrite[]): Promise<void> {
    const stuckForLong = this.#stuckForAnHour(stuck);
    if (!mailConfigured(settings)) return;
    const { sql } = this.database, sender = settings.reply_to_admin_email;
    if (settings.expected_every_hours > 0) {
      const since = new Date(this.clock.now().getTime() - settings.expected_every_hours * HOUR);
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
      .filter(({ since }) => now - since >= HOUR);
  }
}

function noFile(hours: number, last: Date): Alert {
  const time = counted(hours, "hour");
  return {
    subject: `rosterd: no file for ${time}`,
    text: `No roster was imported since ${last.toISOString()}. One is expected every ${time}.\n\n` +
      "Please find out whether the registry still sends its files, and whether they reach the upload folder.\n",
  };
}

function stuckFile({ name, text }: WaitingFile): Alert {
  return {
    subject: `rosterd: ${printable(name)}: not imported for an hour`,
    text: `The file ${printable(name)} could not be imported for an hour: ${text}.\n\n` +
      "Nothing of it was applied, and it is tried again at every turn. `rosterd doctor` and `rosterd status` say more.\n",
  };
}

function lateWrite({ name, bakFile, imported, size }: LateWrite): Alert {
  return {
    subject: `rosterd: ${printable(name)}: grew after it was imported`,
    text: `The file ${printable(name)} had ${imported} bytes when it was imported, and now has ${size}.\n\n` +
      `Somebody was still writing it. What came later was not imported: it stands in bak as ${bakFile}. ` +
      "Upload the whole file again.\n",
  };
}
