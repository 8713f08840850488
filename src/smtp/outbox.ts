/** Sends the emails in the database, one by one, with retries and digests (docs/mail.md#retries). */
import type { Claim, WaitingMail } from "../domain/mail.ts";
import type { Settings } from "../domain/settings.ts";
import { anyMailConfigured } from "../domain/feed_settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { Drafts, type Files, type MailSources } from "./drafts.ts";
import { MailError } from "./mail_error.ts";
import { counted } from "../runtime/grouped.ts";
import type { Message, Sent, Transport } from "./transport.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
export const GIVE_UP_AFTER_MS = 72 * HOUR_MS;
/**
 * rosterd gives up only after several attempts. Age alone is not enough, because rosterd may have been stopped or a
 * clock may have been ahead.
 */
export const MIN_ATTEMPTS = 10;
export const MAX_MAILS_PER_HOUR = 10;
/** The pause after a refused login. A change to the SMTP settings ends the pause early. */
export const LOGIN_RETRY_MS = 10 * MINUTE_MS;
/** A claim expires after this time unless its process renews it. */
const CLAIM_MS = 2 * MINUTE_MS;
const RENEW_INTERVAL_MS = 30_000;

export interface OutboxStore {
  /**
   * Claims the email that has been due the longest, or all emails of its digest. "all" combines all emails that are due
   * and not yet in a digest into a new digest. Claimed emails are not due again before `until`.
   */
  claim(now: Date, until: Date, which: Claim): Promise<WaitingMail[]>;
  renew(ids: readonly number[], until: Date): Promise<void>;
  /** `note`: a problem with an email that was sent anyway. */
  markSent(ids: readonly number[], now: Date, note: string | null): Promise<void>;
  /** Counts this attempt and schedules the next one. */
  markRetry(ids: readonly number[], error: string, next: Date): Promise<void>;
  /** Releases the claim on an email without counting an attempt. */
  release(ids: readonly number[], error: string | null, next: Date): Promise<void>;
  giveUp(ids: readonly number[], error: string, now: Date): Promise<void>;
  /**
   * Counts the emails subject to the limit that were sent after `from`, up to and including `to`. A digest counts once.
   */
  countSentBetween(from: Date, to: Date): Promise<number>;
  countWaiting(): Promise<number>;
}

export interface OutboxDependencies extends MailSources {
  store: OutboxStore;
  settings(): Settings;
  transport: Transport;
  clock: Clock;
  log: Log;
  /** A random number from 0 to 1, for the jitter. */
  random?: () => number;
}

type Verdict = "sent" | "next" | "stop";

export class Outbox {
  readonly #drafts: Drafts;
  #problem: string | null = null;
  #loginRefused: { until: number; smtp: Settings["smtp"] } | null = null;

  constructor(private readonly dependencies: OutboxDependencies) {
    this.#drafts = new Drafts(dependencies, dependencies.log);
  }

  /** The reason why the last attempt failed; null after a success. */
  problem(): string | null {
    return this.#problem;
  }

  /**
   * Sends all emails that are due. Returns the number of emails sent and the number of outbox rows still waiting.
   * Without mail settings, no email is sent. Rejects if the database fails; the current email is then retried with the
   * same Message-ID.
   */
  async sendDue(signal: AbortSignal): Promise<{ sent: number; waiting: number }> {
    // This check runs every few seconds and usually needs only one index query.
    if (await this.dependencies.store.countWaiting() === 0) return { sent: 0, waiting: 0 };
    const settings = this.dependencies.settings();
    let sent = 0;
    let verdict: Verdict = this.#maySend(settings) ? "next" : "stop";
    while (verdict !== "stop" && !signal.aborted) {
      const mails = await this.#claimNext();
      verdict = mails.length === 0 ? "stop" : await this.#send(mails, settings, signal);
      if (verdict === "sent") sent++;
    }
    return { sent, waiting: await this.dependencies.store.countWaiting() };
  }

  #maySend(settings: Settings): boolean {
    const pause = this.#loginRefused;
    const paused = pause !== null && this.dependencies.clock.elapsed() < pause.until &&
      JSON.stringify(pause.smtp) === JSON.stringify(settings.smtp);
    return anyMailConfigured(settings) && !paused;
  }

  /**
   * Claims the next emails. The last email allowed in this hour is a digest of all emails that are due. After the
   * digest, only urgent emails are sent.
   */
  async #claimNext(): Promise<WaitingMail[]> {
    const { store, clock } = this.dependencies;
    const now = clock.now();
    // Ignores emails dated far in the future, which were sent while a clock was ahead. Clocks on different machines are
    // assumed to differ by less than a minute.
    const room = MAX_MAILS_PER_HOUR - await store.countSentBetween(after(now, -HOUR_MS), after(now, MINUTE_MS));
    return await store.claim(now, after(now, CLAIM_MS), room <= 0 ? "urgent" : room === 1 ? "all" : "one");
  }

  async #send(mails: readonly WaitingMail[], settings: Settings, signal: AbortSignal): Promise<Verdict> {
    const { store, clock, log } = this.dependencies;
    const ids = mails.map(({ id }) => id);
    const stopRenewing = this.#keepClaimed(ids);
    try {
      const sent = await this.#deliver(mails, settings, signal);
      if (sent === null) {
        await store.giveUp(ids, "the import is no longer in the history", clock.now());
        return "next";
      }
      const note = sent.refused === 0 ? null : `the mail server refused ${counted(sent.refused, "recipient")}`;
      await store.markSent(ids, clock.now(), note);
      this.#problem = note;
      this.#loginRefused = null;
      log.info("mail.sent", { mail: ids[0], mails: ids.length, refused_receivers: sent.refused });
      return "sent";
    } catch (error) {
      if (signal.aborted && error === signal.reason) {
        await store.release(ids, null, clock.now());
        return "stop";
      }
      if (!(error instanceof MailError)) throw error;
      return await this.#failed(mails, error, settings);
    } finally {
      stopRenewing();
    }
  }

  /** Returns null if the import is gone. If an email is too big, sends it again without its files. */
  async #deliver(mails: readonly WaitingMail[], settings: Settings, signal: AbortSignal): Promise<Sent | null> {
    const send = (message: Message) => this.dependencies.transport(settings.smtp, message, signal);
    const draft = (files: Files) => this.#drafts.draft(mails, settings, files);
    const message = await draft("with_files");
    if (message === null) return null;
    try {
      return await send(message);
    } catch (error) {
      const tooBig = error instanceof MailError && error.kind === "too_big";
      if (!tooBig || message.attachments.length === 0) throw error;
      this.dependencies.log.warn("mail.too_big", { mail: mails[0].id, error: error.message });
    }
    const smaller = await draft("without_files");
    return smaller && await send(smaller);
  }

  async #failed(mails: readonly WaitingMail[], error: MailError, settings: Settings): Promise<Verdict> {
    const { store, clock, log } = this.dependencies;
    const now = clock.now();
    const ids = mails.map(({ id }) => id);
    const fields = { mail: ids[0], mails: ids.length, error: error.message };
    this.#problem = error.message;
    if (error.kind === "auth") this.#loginRefused = { until: clock.elapsed() + LOGIN_RETRY_MS, smtp: settings.smtp };
    if (this.#isOver(mails, error, now)) {
      await store.giveUp(ids, error.message, now);
      log.error("mail.gave_up", fields);
    } else if (error.kind === "auth") {
      await store.release(ids, error.message, now);
      log.error("mail.login_refused", { ...fields, pause_minutes: LOGIN_RETRY_MS / MINUTE_MS });
    } else {
      const next = after(now, pauseAfter(mails[0].tries, this.dependencies.random ?? Math.random));
      await store.markRetry(ids, error.message, next);
      log.warn("mail.retry", { ...fields, next: next.toISOString() });
    }
    return error.details.aboutThisMail && error.kind !== "auth" ? "next" : "stop";
  }

  #isOver(mails: readonly WaitingMail[], { kind }: MailError, now: Date): boolean {
    if (kind === "permanent" || kind === "too_big") return true;
    const youngest = Math.max(...mails.map(({ createdAt }) => createdAt.getTime()));
    // An attempt in which the login is refused does not count.
    const triedEnough = kind === "auth" || mails[0].tries + 1 >= MIN_ATTEMPTS;
    return triedEnough && now.getTime() - youngest >= GIVE_UP_AFTER_MS;
  }

  #keepClaimed(ids: readonly number[]): () => void {
    const { store, clock, log } = this.dependencies;
    const timer = setInterval(() => {
      store.renew(ids, after(clock.now(), CLAIM_MS)).catch((error) =>
        log.warn("mail.claim_not_renewed", { mail: ids[0], code: codeOf(error) })
      );
    }, RENEW_INTERVAL_MS);
    return () => clearInterval(timer);
  }
}

/** The delay before a retry: one minute at first, doubling each time up to one hour, with 20% jitter. */
function pauseAfter(attempts: number, random: () => number): number {
  return Math.min(MINUTE_MS * 2 ** attempts, HOUR_MS) * (0.8 + 0.4 * random());
}

function after(time: Date, milliseconds: number): Date {
  return new Date(time.getTime() + milliseconds);
}
