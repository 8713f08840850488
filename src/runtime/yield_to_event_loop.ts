/** Lets others have their turn in long work that seldom waits. */
import { setImmediate } from "node:timers";

/** Resolves when everything that waits for the thread has had its turn: HTTP answers while a roster is read. */
export function yieldToEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
