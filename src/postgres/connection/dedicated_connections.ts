/**
 * Gives each transaction a separate connection, and keeps the connection for the next file if the transaction succeeds.
 */
import { DedicatedConnection, type Open, type Work } from "./dedicated_connection.ts";
import type { Isolation } from "./sql.ts";

/** How long to keep an idle connection: much longer than the pause between two files of one turn. */
const IDLE_TIMEOUT_MS = 2_000;

export class DedicatedConnections {
  #idle: DedicatedConnection | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(private readonly open: Open, private readonly idleTimeoutMs = IDLE_TIMEOUT_MS) {}

  async transaction<T>(work: Work<T>, isolation: Isolation = "read committed"): Promise<T> {
    const idle = this.#take();
    if (idle === null) return await this.#on(new DedicatedConnection(this.open), work, isolation);
    try {
      return await this.#on(idle, work, isolation);
    } catch (error) {
      // The idle connection may have been lost. The work has not begun, so a retry is safe.
      if (idle.hasBegun) throw error;
      return await this.#on(new DedicatedConnection(this.open), work, isolation);
    }
  }

  /** Closes the idle connection. A connection in use is closed at the end of its transaction. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#take()?.close();
  }

  async #on<T>(connection: DedicatedConnection, work: Work<T>, isolation: Isolation): Promise<T> {
    let result: T;
    try {
      result = await connection.transaction(work, isolation);
    } catch (error) {
      await connection.discard();
      throw error;
    }
    await this.#keep(connection);
    return result;
  }

  #take(): DedicatedConnection | null {
    clearTimeout(this.#timer);
    const idle = this.#idle;
    this.#idle = null;
    if (idle === null || !idle.isLost) return idle;
    void idle.discard();
    return null;
  }

  async #keep(connection: DedicatedConnection): Promise<void> {
    if (this.#isClosed || this.#idle !== null || connection.isLost) return await connection.close();
    this.#idle = connection;
    this.#timer = setTimeout(() => void this.#take()?.close(), this.idleTimeoutMs);
  }
}
