import { setImmediate } from "node:timers";

/** Resolves after all other pending callbacks have run, so that long-running work does not block them. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
