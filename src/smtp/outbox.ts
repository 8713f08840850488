/**
 * Sends the mails that wait in the database: one by one, again with growing pauses, never as a flood, and never
 * forgotten (contract, section 4). Everything that must outlast a restart stands in the store; kept here is only
 * whether the login is known to be refused.
 *
 * `src/app.ts` calls {@link Outbox.sendDue} every few seconds; several processes may do so on one database.
 */
import type { WaitingMail } from "../domain/mail.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import type { Clock } from "../runtime/clock.ts";
import { codeOf } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { Drafts, type Files, type MailSources } from "./drafts.ts";
import { MailError } from "./mail_error.ts";
import type { Message, Sent, Transport } from "./transport.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A mail that was not sent for so long is given up, */
export const GIVE_UP_AFTER_MS = 72 * HOUR_MS;
/** and not before so many tries: rosterd may have been away meanwhile, or a clock ahead for a while. */
export const MIN_ATTEMPTS = 10;
export const MAX_MAILS_PER_HOUR = 10;
/** How long nothing is tried after the server refused the login; ends early when the settings of mail change. */
export const LOGIN_RETRY_MS = 10 * MINUTE_MS;
/** A claim of a process that died is free again after this; a living one renews it. */
const CLAIM = 2 * MINUTE_MS;
const RENEW_INTERVAL_MS = 30_000;

/** What the outbox asks of the database; `src/postgres/history/outbox_store.ts` keeps it. */
export interface OutboxStore {
  /**
   * Claims the mail that is due longest, or all mails of its digest. With `together`, all due mails that are in no
   * digest yet become one. Claimed mails are not due before `until`.
   */
  claim(now: Date, until: Date, together: boolean): Promise<WaitingMail[]>;
  renew(ids: readonly number[], until: Date): Promise<void>;
  /** `note` says what a reader of the table should know although the mail went. */
  markSent(ids: readonly number[], now: Date, note: string | null): Promise<void>;
  /** Counts a try. */
  markRetry(ids: readonly number[], error: string, next: Date): Promise<void>;
  /** Gives a claim back as if nothing had been tried. */
  release(ids: readonly number[], error: string | null, next: Date): Promise<void>;
  giveUp(ids: readonly number[], error: string, now: Date): Promise<void>;
  /** Mails that went after `from` and not after `to`; a digest is one. */
  countSentBetween(from: Date, to: Date): Promise<number>;
  countWaiting(): Promise<number>;
}

export interface OutboxDependencies extends MailSources {
  store: OutboxStore;
  /** The settings in force now. */
  settings(): Settings;
  transport: Transport;
  clock: Clock;
  log: Log;
  /** From 0 to 1, for the jitter of pauses. */
  random?: () => number;
}

export interface Outbox {
  /**
   * Sends what is due, and says how many mails went and how many records of the outbox still wait. Without mail
   * settings nothing is tried. An abort ends it early and in good order. Rejects when the database fails; the mail in
   * hand is then tried again under the same Message-ID.
   */
  sendDue(signal: AbortSignal): Promise<{ sent: number; waiting: number }>;
  /** Why the last try failed, for the status; null when it did not. */
  problem(): string | null;
}

export function createOutbox(dependencies: OutboxDependencies): Outbox {
  return new DatabaseOutbox(dependencies);
}

/** What the end of one try means for the round. */
type Verdict = "sent" | "next" | "stop";

class DatabaseOutbox implements Outbox {
  readonly #deps: OutboxDependencies;
  readonly #drafts: Drafts;
  #problem: string | null = null;
  #loginRefused: { until: number; smtp: Settings["smtp"] } | null = null;

  constructor(dependencies: OutboxDependencies) {
    this.#deps = dependencies;
    this.#drafts = new Drafts(dependencies, dependencies.log);
  }

  problem(): string | null {
    return this.#problem;
  }

  async sendDue(signal: AbortSignal): Promise<{ sent: number; waiting: number }> {
    // Asked every few seconds, and mostly the answer: one statement, which reads an index.
    if (await this.#deps.store.countWaiting() === 0) return { sent: 0, waiting: 0 };
    const settings = this.#deps.settings();
    let sent = 0;
    let verdict: Verdict = this.#maySend(settings) ? "next" : "stop";
    while (verdict !== "stop" && !signal.aborted) {
      const mails = await this.#claimNext();
      verdict = mails.length === 0 ? "stop" : await this.#send(mails, settings, signal);
      if (verdict === "sent") sent++;
    }
    return { sent, waiting: await this.#deps.store.countWaiting() };
  }

  #maySend(settings: Settings): boolean {
    const pause = this.#loginRefused;
    const paused = pause !== null && this.#deps.clock.elapsed() < pause.until &&
      JSON.stringify(pause.smtp) === JSON.stringify(settings.smtp);
    return mailConfigured(settings) && !paused;
  }

  /** The last mail of the hour takes along all others that are due. */
  async #claimNext(): Promise<WaitingMail[]> {
    const { store, clock } = this.#deps;
    const now = clock.now();
    // What seems to have gone later than now went when the clock was ahead. Those of other machines are not quite the same.
    const room = MAX_MAILS_PER_HOUR - await store.countSentBetween(after(now, -HOUR_MS), after(now, MINUTE_MS));
    return room <= 0 ? [] : await store.claim(now, after(now, CLAIM), room === 1);
  }

  async #send(mails: readonly WaitingMail[], settings: Settings, signal: AbortSignal): Promise<Verdict> {
    const { store, clock, log } = this.#deps;
    const ids = mails.map(({ id }) => id);
    const stopRenewing = this.#keepClaimed(ids);
    try {
      const sent = await this.#deliver(mails, settings, signal);
      if (sent === null) {
        await store.giveUp(ids, "the import is no longer in the history", clock.now());
        return "next";
      }
      const note = sent.refused === 0 ? null : `the mail server refused ${sent.refused} of the receivers`;
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

  /** Null when there is nothing left to tell. A mail that is too big goes again at once without its files. */
  async #deliver(mails: readonly WaitingMail[], settings: Settings, signal: AbortSignal): Promise<Sent | null> {
    const send = (message: Message) => this.#deps.transport(settings.smtp, message, signal);
    const draft = (files: Files) => this.#drafts.draft(mails, settings, files);
    const message = await draft("with_files");
    if (message === null) return null;
    try {
      return await send(message);
    } catch (error) {
      const tooBig = error instanceof MailError && error.kind === "too_big";
      if (!tooBig || message.attachments.length === 0) throw error;
      this.#deps.log.warn("mail.too_big", { mail: mails[0].id, error: error.message });
    }
    const smaller = await draft("without_files");
    return smaller && await send(smaller);
  }

  async #failed(mails: readonly WaitingMail[], error: MailError, settings: Settings): Promise<Verdict> {
    const { store, clock, log } = this.#deps;
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
      const next = after(now, pauseAfter(mails[0].tries, this.#deps.random ?? Math.random));
      await store.markRetry(ids, error.message, next);
      log.warn("mail.retry", { ...fields, next: next.toISOString() });
    }
    return error.details.aboutThisMail && error.kind !== "auth" ? "next" : "stop";
  }

  #isOver(mails: readonly WaitingMail[], { kind }: MailError, now: Date): boolean {
    if (kind === "permanent" || kind === "too_big") return true;
    const youngest = Math.max(...mails.map(({ createdAt }) => createdAt.getTime()));
    // A refused login is no try of a mail.
    const triedEnough = kind === "auth" || mails[0].tries + 1 >= MIN_ATTEMPTS;
    return triedEnough && now.getTime() - youngest >= GIVE_UP_AFTER_MS;
  }

  #keepClaimed(ids: readonly number[]): () => void {
    const { store, clock, log } = this.#deps;
    const timer = setInterval(() => {
      store.renew(ids, after(clock.now(), CLAIM)).catch((error) =>
        log.warn("mail.claim_not_renewed", { mail: ids[0], code: codeOf(error) })
      );
    }, RENEW_INTERVAL_MS);
    return () => clearInterval(timer);
  }
}

/** One minute, doubling up to one hour, up to a fifth longer or shorter. */
function pauseAfter(tries: number, random: () => number): number {
  return Math.min(MINUTE_MS * 2 ** tries, HOUR_MS) * (0.8 + 0.4 * random());
}

function after(time: Date, milliseconds: number): Date {
  return new Date(time.getTime() + milliseconds);
}
