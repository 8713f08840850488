/**
 * When a link is silent: asks the server through a new connection what the backend at its other end does. One that works is
 * waited for, however long. One that waits for us, while we wait for it, sits behind a frozen link, and is ended: it would hold
 * its locks for ever, since no timeout of the server ends a backend that waits inside COPY (measured; platform notes).
 */
import { delay } from "../../runtime/delay.ts";
import { withTimeout } from "../../runtime/with_timeout.ts";
import { isServerAlive } from "./errors.ts";
import type { Backend, WatchedSocket } from "./watched_socket.ts";
import type { Sql } from "./sql.ts";

/** How long what is waited for. */
export interface LinkTimeouts {
  /** So long may a server stay silent before it is asked. */
  silenceMs: number;
  /** So long may it take to answer through a new connection; else the database is away. */
  answerMs: number;
  /** A backend that waits for us this much later still is frozen. */
  lookAgainMs: number;
}

export const LINK_TIMEOUTS: LinkTimeouts = { silenceMs: 30_000, answerMs: 10_000, lookAgainMs: 5_000 };

const MIN_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 30_000;

export class BackendProbe {
  readonly #stop = new AbortController();
  #ending: Promise<void> = Promise.resolve();

  /** `connect` makes a connection that nobody watches; it is thrown away after each question. */
  constructor(private readonly connect: () => Sql, private readonly patience: LinkTimeouts) {}

  /**
   * Whether a silent link is to be waited for. When it is not, its backend is ended, as soon as that can be; the caller cuts the
   * link first.
   */
  async shouldKeepWaiting(link: WatchedSocket): Promise<boolean> {
    const { backend, progressAt } = link;
    const goOn = await this.#works(backend, () => link.progressAt > progressAt);
    if (!goOn && backend !== null) this.#ending = Promise.all([this.#ending, this.#end(backend)]).then(() => {});
    return goOn;
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.#ending;
  }

  async #works(backend: Backend | null, isHeardOf: () => boolean): Promise<boolean> {
    try {
      if (await this.#ask((sql) => works(sql, backend))) return true;
      await delay(this.patience.lookAgainMs, this.#stop.signal);
      return isHeardOf() || await this.#ask((sql) => works(sql, backend));
    } catch (error) {
      // A server that has no room for a question is not away.
      return isServerAlive(error);
    }
  }

  /** Again until the server answers: until then the backend may hold locks that everybody waits for. */
  async #end(backend: Backend): Promise<void> {
    for (
      let pauseMs = MIN_RETRY_DELAY_MS;
      !this.#stop.signal.aborted;
      pauseMs = Math.min(2 * pauseMs, MAX_RETRY_DELAY_MS)
    ) {
      try {
        return await this.#ask((sql) => end(sql, backend));
      } catch {
        await delay(pauseMs, this.#stop.signal).catch(() => {});
      }
    }
  }

  async #ask<T>(question: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = this.connect();
    try {
      return await withTimeout(this.patience.answerMs, question(sql));
    } finally {
      await sql.end({ timeout: 0 });
    }
  }
}

/** Whether the backend has something to do that does not wait for its client. */
async function works(sql: Sql, backend: Backend | null): Promise<boolean> {
  if (backend === null) return false;
  const [found] = await sql<{ works: boolean }[]>`
    select wait_event_type is distinct from 'Client' as works from pg_stat_activity
    where pid = ${backend.pid} and ${isThat(sql, backend)}`;
  return found?.works ?? false;
}

/** What it still does then is of no use: nobody will hear of it. */
async function end(sql: Sql, backend: Backend): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity where pid = ${backend.pid} and ${isThat(sql, backend)}`;
}

/** A number is given away again when its backend has ended. */
function isThat(sql: Sql, { startedAt }: Backend) {
  if (startedAt !== null) return sql`extract(epoch from backend_start)::text = ${startedAt}`;
  return sql`datname = current_database() and usename = current_user and application_name = 'rosterd'`;
}
