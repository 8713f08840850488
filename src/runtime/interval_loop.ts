/**
 * Runs work again and again, never two at a time: a turn begins when it is due, or when somebody asks for one. The
 * caller runs the loop with {@link IntervalLoop.run} and ends it by the signal. Knows nothing of what the work is.
 */
import type { Clock } from "./clock.ts";

export interface IntervalLoopOptions {
  clock: Clock;
  /** Milliseconds from the start of one run to the start of the next; asked anew each time. */
  interval: () => number;
  work: (signal: AbortSignal) => Promise<void>;
  /** Gets what `work` throws; the loop goes on. */
  onError: (error: unknown) => void;
}

export class IntervalLoop {
  #wake = Promise.withResolvers<void>();
  #askers: PromiseWithResolvers<void>[] = [];
  #startedAt: number | null = null;
  readonly #options: IntervalLoopOptions;

  constructor(options: IntervalLoopOptions) {
    this.#options = options;
  }

  /** Milliseconds until the next run is due; 0 or less: now. */
  get dueIn(): number {
    const { clock, interval } = this.#options;
    if (this.#askers.length > 0 || this.#startedAt === null) return 0;
    return this.#startedAt + interval() - clock.elapsed();
  }

  /** Asks for a run now; resolves when a run that began after the call is over. */
  trigger(): Promise<void> {
    const asker = Promise.withResolvers<void>();
    this.#askers.push(asker);
    this.reschedule();
    return asker.promise;
  }

  /** Looks at the interval again: it may have changed. */
  reschedule(): void {
    this.#wake.resolve();
  }

  /** The loop. Resolves after an abort, when the run that was under way is over. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.reschedule();
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      if (this.dueIn > 0) {
        await this.#sleep(this.dueIn);
        continue;
      }
      const askers = this.#askers.splice(0);
      this.#startedAt = this.#options.clock.elapsed();
      await this.#options.work(signal).catch(this.#options.onError);
      askers.forEach(({ resolve }) => resolve());
    }
    this.#askers.splice(0).forEach(({ resolve }) => resolve());
    signal.removeEventListener("abort", wake);
  }

  async #sleep(ms: number): Promise<void> {
    this.#wake = Promise.withResolvers();
    const timer = setTimeout(() => this.#wake.resolve(), Math.min(ms, 2 ** 31 - 1));
    await this.#wake.promise;
    clearTimeout(timer);
  }
}
