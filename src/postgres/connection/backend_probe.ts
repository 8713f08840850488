/**
 * Asks the server, over a new connection, what the backend of a silent link is doing. A working backend may take as
 * long as it needs. If the backend and rosterd are waiting for each other, the link is frozen, and the probe terminates
 * the backend. No server timeout ends a backend that waits within a COPY (measured), so the backend would keep its
 * locks forever.
 */
import { delay } from "../../runtime/delay.ts";
import { withTimeout } from "../../runtime/with_timeout.ts";
import { isServerAlive } from "./errors.ts";
import type { Backend, WatchedSocket } from "./watched_socket.ts";
import type { Sql } from "./sql.ts";

export interface LinkTimeouts {
  /** How long the server may stay silent before the probe checks the backend. */
  silenceMs: number;
  /** How long a new connection may take to answer before the database is considered unreachable. */
  answerMs: number;
  /** After this time, a backend that is still waiting for rosterd is considered frozen. */
  recheckMs: number;
}

export const LINK_TIMEOUTS: LinkTimeouts = { silenceMs: 30_000, answerMs: 10_000, recheckMs: 5_000 };

const MIN_RETRY_DELAY_MS = 1_000;
const MAX_RETRY_DELAY_MS = 30_000;

export class BackendProbe {
  readonly #stop = new AbortController();
  #ending: Promise<void> = Promise.resolve();

  /** `connect` opens an unwatched connection, which is closed after each query. */
  constructor(private readonly connect: () => Sql, private readonly timeouts: LinkTimeouts) {}

  /**
   * Whether to keep waiting for a silent link. If the result is false, the caller closes the link, and the probe
   * terminates the backend.
   */
  async shouldKeepWaiting(link: WatchedSocket): Promise<boolean> {
    const { backend, progressAt } = link;
    const keepsWaiting = await this.#works(backend, () => link.progressAt > progressAt);
    if (!keepsWaiting && backend !== null) {
      this.#ending = Promise.all([this.#ending, this.#end(backend)]).then(() => {});
    }
    return keepsWaiting;
  }

  close(): Promise<void> {
    this.#stop.abort();
    return this.#ending;
  }

  async #works(backend: Backend | null, hasProgressed: () => boolean): Promise<boolean> {
    try {
      if (await this.#ask((sql) => works(sql, backend))) return true;
      await delay(this.timeouts.recheckMs, this.#stop.signal);
      return hasProgressed() || await this.#ask((sql) => works(sql, backend));
    } catch (error) {
      // A server without a free connection is still alive.
      return isServerAlive(error);
    }
  }

  /** Retries until the server answers, because the backend may hold locks that other transactions are waiting for. */
  async #end(backend: Backend): Promise<void> {
    for (
      let delayMs = MIN_RETRY_DELAY_MS;
      !this.#stop.signal.aborted;
      delayMs = Math.min(2 * delayMs, MAX_RETRY_DELAY_MS)
    ) {
      try {
        return await this.#ask((sql) => end(sql, backend));
      } catch {
        await delay(delayMs, this.#stop.signal).catch(() => {});
      }
    }
  }

  async #ask<T>(question: (sql: Sql) => Promise<T>): Promise<T> {
    const sql = this.connect();
    try {
      return await withTimeout(this.timeouts.answerMs, question(sql));
    } finally {
      await sql.end({ timeout: 0 });
    }
  }
}

async function works(sql: Sql, backend: Backend | null): Promise<boolean> {
  if (backend === null) return false;
  const [found] = await sql<{ works: boolean }[]>`
    select wait_event_type is distinct from 'Client' as works from pg_stat_activity
    where pid = ${backend.pid} and ${isSame(sql, backend)}`;
  return found?.works ?? false;
}

async function end(sql: Sql, backend: Backend): Promise<void> {
  await sql`
    select pg_terminate_backend(pid) from pg_stat_activity where pid = ${backend.pid} and ${isSame(sql, backend)}`;
}

/** Returns a second condition besides the pid, because the server reuses pids. */
function isSame(sql: Sql, { startedAt }: Backend) {
  if (startedAt !== null) return sql`extract(epoch from backend_start)::text = ${startedAt}`;
  return sql`datname = current_database() and usename = current_user and application_name = 'rosterd'`;
}
