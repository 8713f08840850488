/** Measures turns and the stages of imports since rosterd started, for the metrics. */
import type { Stage } from "../domain/outcome.ts";
import type { Clock } from "../runtime/clock.ts";

export class Stopwatch {
  readonly #seconds: Record<Stage, number> = { examining: 0, reading: 0, merging: 0, reporting: 0 };
  #stage: { name: Stage; since: number } | null = null;
  turns = 0;
  turnSeconds = 0;
  lastTurnSeconds = 0;
  lastTurnAt: Date | null = null;

  constructor(private readonly clock: Clock) {}

  /** Starts a stage of an import; null ends the import. */
  enter(name: Stage | null): void {
    const now = this.clock.elapsed();
    if (this.#stage?.name === name) return;
    if (this.#stage !== null) this.#seconds[this.#stage.name] += (now - this.#stage.since) / 1_000;
    this.#stage = name === null ? null : { name, since: now };
  }

  secondsIn(stage: Stage): number {
    const running = this.#stage?.name === stage ? (this.clock.elapsed() - this.#stage.since) / 1_000 : 0;
    return this.#seconds[stage] + running;
  }

  async turn<T>(work: () => Promise<T>): Promise<T> {
    const start = this.clock.elapsed();
    try {
      return await work();
    } finally {
      this.turns++;
      this.lastTurnSeconds = (this.clock.elapsed() - start) / 1_000;
      this.turnSeconds += this.lastTurnSeconds;
      this.lastTurnAt = this.clock.now();
    }
  }
}
