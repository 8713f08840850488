import { setTimeout } from "node:timers/promises";

/** Resolves after `ms` milliseconds. Rejects with the signal's abort reason as soon as the signal aborts. */
export async function delay(ms: number, signal: AbortSignal): Promise<void> {
  await setTimeout(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}
