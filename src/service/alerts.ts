/**
 * Sends each system alert once by email (docs/mail.md#alerts). The outbox stores the alerts, so they are not sent again
 * after a restart.
 */
import { bakWords, feedPath } from "../domain/feed.ts";
import type { FeedLateWrite } from "../domain/late_write.ts";
import type { Alert } from "../domain/mail.ts";
import type { Settings } from "../domain/settings.ts";
import { anyMailConfigured, feedsOf, pausedUntil, settingsOf } from "../domain/feed_settings.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { lastImportAt } from "../postgres/history/history.ts";
import { alertOnce, unalerted } from "../postgres/history/outbox_store.ts";
import type { Clock } from "../runtime/clock.ts";
import { printable } from "../runtime/log.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { type FeedState, type ServiceState, waitingFiles, type WaitingUpload } from "./state.ts";
import { UNREADABLE, unreadAlert, type UnreadFile, unreadFiles } from "./unread_files.ts";
import { localMinute } from "../smtp/text.ts";

const HOUR_MS = 3_600_000;

export class Alerts {
  readonly #stuckSince = new Map<string, number>();
  /** For each feed without an import, the time when this process began watching the feed. */
  readonly #watchedSince = new Map<string, Date>();

  /** Unread files that an earlier turn found, and those that an alert has listed. */
  readonly #seen = new Set<string>();
  readonly #told = new Set<string>();

  constructor(private readonly database: Database, private readonly clock: Clock) {}

  /** Puts the alerts that are due into the outbox. Without mail settings, no alerts are stored. */
  async raise({ settings, feeds, elsewhere }: ServiceState, grown: readonly FeedLateWrite[]): Promise<void> {
    const stuckForLong = this.#stuckForAnHour(waitingFiles({ feeds, elsewhere }));
    if (!anyMailConfigured(settings)) return;
    const { sql } = this.database, sender = settings.reply_to_admin_email;
    for (const feed of feedsOf(settings)) await this.#raiseNoFile(settings, feed);
    const present = new Set<string>();
    for (const feed of feeds) await this.#raiseUnread(settings, feed, present);
    for (const key of this.#seen) if (!present.has(key)) this.#forget(key);
    for (const file of stuckForLong) await alertOnce(sql, sender, `stuck ${file.name} ${file.since}`, stuckFile(file));
    for (const file of grown) {
      await alertOnce(sql, sender, `grown ${feedPath(file.feed, file.bakFile)}`, lateWrite(file));
    }
  }

  /** No alerts are sent during a pause, and the wait for a file restarts when the pause ends. */
  async #raiseNoFile(settings: Settings, feed: string): Promise<void> {
    const { sql } = this.database, now = this.clock.now();
    const { expected_every_hours: hours, paused_until, reply_to_admin_email } = settingsOf(settings, feed);
    if (hours === 0 || pausedUntil(settings, feed, now) !== null) return;
    const { last, installed } = await lastImportAt(sql, feed);
    // If the settings define feeds, the upload folder itself may stay empty.
    if (last === null && feed === "" && Object.keys(settings.feeds).length > 0) return;
    const begun = last ?? (feed === "" ? installed : this.#firstWatched(feed, now));
    const resumed = new Date(paused_until), since = resumed > begun ? resumed : begun;
    if (now.getTime() - since.getTime() <= hours * HOUR_MS) return;
    const key = `no_file ${feed === "" ? "" : `${feed} `}${
      last === null && feed !== "" ? "never" : begun.toISOString()
    }`;
    await alertOnce(sql, reply_to_admin_email, key, noFile(feed, hours, since));
  }

  /** Sends one email that names all settled unread files of a feed. Adds the keys of all unread files to `present`. */
  async #raiseUnread(
    { settle_seconds, reply_to_admin_email }: Settings,
    feed: FeedState,
    present: Set<string>,
  ): Promise<void> {
    const { sql } = this.database, settledAt = this.clock.now().getTime() - settle_seconds * 1_000;
    const files = new Map<string, UnreadFile>();
    for (const file of unreadFiles(feed)) {
      const key = `unread ${file.path} ${file.mtime}`, isSettled = file.mtime <= settledAt || this.#seen.has(key);
      this.#seen.add(key);
      present.add(key);
      if (isSettled && !this.#told.has(key)) files.set(key, file);
    }
    if (files.size === 0) return;
    const keys = [...files.keys()], untold = await unalerted(sql, keys);
    const alert = untold.length > 0 && unreadAlert(feed.feed, untold.map((key) => files.get(key)!));
    if (alert) await alertOnce(sql, reply_to_admin_email, untold[0], alert, untold);
    for (const key of keys) this.#told.add(key);
  }

  /** The outbox still remembers which files an alert has named. */
  #forget(key: string): void {
    this.#seen.delete(key);
    this.#told.delete(key);
  }

  #firstWatched(feed: string, now: Date): Date {
    const since = this.#watchedSince.get(feed) ?? now;
    this.#watchedSince.set(feed, since);
    return since;
  }

  #stuckForAnHour(stuck: readonly WaitingUpload[]): (WaitingUpload & { since: number })[] {
    const now = this.clock.elapsed();
    stuck = stuck.filter(({ code }) => !UNREADABLE.has(code));
    const names = new Set(stuck.map(({ name }) => name));
    for (const name of this.#stuckSince.keys()) if (!names.has(name)) this.#stuckSince.delete(name);
    for (const { name } of stuck) if (!this.#stuckSince.has(name)) this.#stuckSince.set(name, now);
    return stuck
      .map((file) => ({ ...file, since: Math.floor(this.#stuckSince.get(file.name)!) }))
      .filter(({ since }) => now - since >= HOUR_MS);
  }
}

function noFile(feed: string, hours: number, since: Date): Alert {
  const time = counted(hours, "hour"), folder = feed === "" ? "the upload folder" : `the folder "${feed}"`;
  return {
    feed,
    subject: `rosterd: ${feed === "" ? "" : `${feed}: `}no file for ${time}`,
    text: `No roster has been imported ${feed === "" ? "" : `from the feed "${feed}" `}since ` +
      `${localMinute(since.toISOString())}. One is expected every ${time}.\n\n` +
      `Check that the registry is still sending its files and that they reach ${folder}.\n`,
  };
}

function stuckFile({ feed, name, text }: WaitingUpload): Alert {
  return {
    feed,
    subject: `rosterd: ${printable(name)}: not imported for an hour`,
    text: `The file "${printable(name)}" has not been imported for an hour.\n` +
      `Reason: ${text.replace(/^waiting: /, "")}.\n\n` +
      "No records were applied. rosterd retries the file on every scan. For details, run  rosterd doctor  and  rosterd status\n",
  };
}

function lateWrite({ feed, name, bakFile, imported, size }: FeedLateWrite): Alert {
  const path = printable(feedPath(feed, name));
  return {
    feed,
    subject: `rosterd: ${path}: grew after it was imported`,
    text: `The file "${path}" grew after it was imported: from ${grouped(imported)} to ${grouped(size)} ` +
      `bytes.\n\n` +
      `Another program was still writing to it, so the new bytes were not imported. They are in ${bakFile}, in ` +
      `${bakWords(feed)}. Upload the whole file again.\n`,
  };
}
