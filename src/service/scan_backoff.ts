/** Scans a slow folder less frequently, so that scans between turns take at most a tenth of the time. */
import type { Clock } from "../runtime/clock.ts";

const MIN_INTERVAL_FACTOR = 10;

export class ScanBackoff {
  #next = -Infinity;
  #running = 0;

  constructor(private readonly clock: Clock) {}

  get isDue(): boolean {
    return this.#running === 0 && this.clock.elapsed() >= this.#next;
  }

  /** Runs a scan and measures its duration. Ignores the duration of a failed scan. */
  async measure<T>(scan: () => Promise<T>): Promise<T> {
    const start = this.clock.elapsed();
    this.#running++;
    try {
      const found = await scan();
      this.#next = start + MIN_INTERVAL_FACTOR * (this.clock.elapsed() - start);
      return found;
    } finally {
      this.#running--;
    }
  }
}
