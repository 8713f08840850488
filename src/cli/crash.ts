/** Ends the process on an uncaught error. The supervisor starts a new process, which resumes the work. */
import { describeError } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";

/** The handler is active until it is disposed of. `exit` must end the process at once. */
export function endOnCrash(log: Log, exit: () => never): Disposable {
  const crash = (error: unknown) => {
    log.error("crashed", { error: describeError(error), at: placeOf(error) });
    exit();
  };
  // Deno's own report quotes the error text, which may contain user data.
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

/** The stack without the error text, which may contain user data. */
function placeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const frames = error.stack?.split("\n").map((line) => line.trim()).filter((line) => /^at .*:\d+:\d+\)?$/.test(line));
  return frames?.slice(0, MAX_FRAMES).join(" ");
}
