/**
 * Gives each transaction a connection of its own. One through which a transaction went without a fault is kept for a moment: a turn
 * over many small files would spend more on connecting than on importing. After any fault a connection is thrown away.
 */
import { DedicatedConnection, type Open, type Work } from "./dedicated_connection.ts";
import type { Isolation } from "./sql.ts";

/** From one file of a turn to the next it is far less. */
const IDLE_TIMEOUT_MS = 2_000;

export class DedicatedConnections {
  readonly #open: Open;
  readonly #keptForMs: number;
  #kept: DedicatedConnection | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  constructor(open: Open, keptForMs = IDLE_TIMEOUT_MS) {
    this.#open = open;
    this.#keptForMs = keptForMs;
  }

  async transaction<T>(work: Work<T>, isolation: Isolation): Promise<T> {
    const kept = this.#take();
    if (kept === null) return await this.#on(new DedicatedConnection(this.#open), work, isolation);
    try {
      return await this.#on(kept, work, isolation);
    } catch (error) {
      // It may have died unnoticed while nobody used it.
      if (kept.hasBegun) throw error;
      return await this.#on(new DedicatedConnection(this.#open), work, isolation);
    }
  }

  /** Ends the one that is kept; none is kept any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#take()?.close();
  }

  async #on<T>(own: DedicatedConnection, work: Work<T>, isolation: Isolation): Promise<T> {
    let result: T;
    try {
      result = await own.transaction(work, isolation);
    } catch (error) {
      await own.discard();
      throw error;
    }
    await this.#keep(own);
    return result;
  }

  #take(): DedicatedConnection | null {
    clearTimeout(this.#timer);
    const kept = this.#kept;
    this.#kept = null;
    if (kept === null || !kept.isLost) return kept;
    void kept.discard();
    return null;
  }

  async #keep(own: DedicatedConnection): Promise<void> {
    if (this.#isClosed || this.#kept !== null || own.isLost) return await own.close();
    this.#kept = own;
    this.#timer = setTimeout(() => void this.#take()?.close(), this.#keptForMs);
  }
}
