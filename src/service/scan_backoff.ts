/**
 * Spares a folder that is slow to look at: ten thousand files, or a file server far away. Between turns nobody looks at it
 * more often than every ten times as long as the last look took, so that looking never is what keeps it busy.
 */
import type { Clock } from "../runtime/clock.ts";

const TIMES = 10;

export class ScanBackoff {
  #next = -Infinity;
  #underWay = 0;

  constructor(private readonly clock: Clock) {}

  /** Whether a look that nobody waits for may begin. */
  get isDue(): boolean {
    return this.#underWay === 0 && this.clock.elapsed() >= this.#next;
  }

  /** Does a look and measures it. One that fails says nothing of how long looks take. */
  async measure<T>(look: () => Promise<T>): Promise<T> {
    const start = this.clock.elapsed();
    this.#underWay++;
    try {
      const seen = await look();
      this.#next = start + TIMES * (this.clock.elapsed() - start);
      return seen;
    } finally {
      this.#underWay--;
    }
  }
}
