/**
 * What nobody caught ends the process with a line in the log: one that goes on in a state that nobody foresaw might look alive
 * and import nothing. Whoever supervises it starts it again, and the next process carries on.
 */
import { describeError } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";

/** Until it is disposed of. `exit` ends the process at once. */
export function endOnCrash(log: Log, exit: () => never): Disposable {
  const crash = (error: unknown) => {
    log.error("crashed", { error: describeError(error), at: placeOf(error) });
    exit();
  };
  // What Deno would print in its own words quotes the text of the error, and that may quote a value of a user.
  const onRejection = (event: PromiseRejectionEvent) => {
    event.preventDefault();
    crash(event.reason);
  };
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    crash(event.error);
  };
  globalThis.addEventListener("unhandledrejection", onRejection);
  globalThis.addEventListener("error", onError);
  return {
    [Symbol.dispose]() {
      globalThis.removeEventListener("unhandledrejection", onRejection);
      globalThis.removeEventListener("error", onError);
    },
  };
}

const MAX_FRAMES = 8;

/** The calls of its stack, without the text before them. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = error.stack?.split("\n").map((line) => line.trim()).filter((line) => /^at .*:\d+:\d+\)?$/.test(line));
  return frames?.slice(0, MAX_FRAMES).join(" ");
}
