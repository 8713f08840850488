/** Runs work at an interval or on request, one run at a time. */
import type { Clock } from "./clock.ts";

export interface IntervalLoopOptions {
  clock: Clock;
  /** Returns the milliseconds from the start of one run to the start of the next. Called before each wait. */
  interval: () => number;
  work: (signal: AbortSignal) => Promise<void>;
  /** Receives the errors of `work`. The loop continues. */
  onError: (error: unknown) => void;
}

export class IntervalLoop {
  #wake = Promise.withResolvers<void>();
  #waiters: PromiseWithResolvers<void>[] = [];
  #startedAt: number | null = null;

  constructor(private readonly options: IntervalLoopOptions) {}

  /** Milliseconds until the next run; 0 or less if it is due. */
  get dueIn(): number {
    const { clock, interval } = this.options;
    if (this.#waiters.length > 0 || this.#startedAt === null) return 0;
    return this.#startedAt + interval() - clock.elapsed();
  }

  /** Requests a run now. Resolves when a run that began after the call has ended. */
  trigger(): Promise<void> {
    const waiter = Promise.withResolvers<void>();
    this.#waiters.push(waiter);
    this.reschedule();
    return waiter.promise;
  }

  reschedule(): void {
    this.#wake.resolve();
  }

  /** Runs the loop until the signal aborts. Resolves when the current run has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = () => this.reschedule();
    signal.addEventListener("abort", wake);
    while (!signal.aborted) {
      if (this.dueIn > 0) {
        await this.#sleep(this.dueIn);
        continue;
      }
      const waiters = this.#waiters.splice(0);
      this.#startedAt = this.options.clock.elapsed();
      await this.options.work(signal).catch(this.options.onError);
      waiters.forEach(({ resolve }) => resolve());
    }
    this.#waiters.splice(0).forEach(({ resolve }) => resolve());
    signal.removeEventListener("abort", wake);
  }

  async #sleep(ms: number): Promise<void> {
    this.#wake = Promise.withResolvers();
    const timer = setTimeout(() => this.#wake.resolve(), Math.min(ms, 2 ** 31 - 1));
    await this.#wake.promise;
    clearTimeout(timer);
  }
}
