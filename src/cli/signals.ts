/** Aborts an AbortSignal on SIGTERM or SIGINT. A later signal ends the process at once. */
const SIGNALS: Deno.Signal[] = ["SIGTERM", "SIGINT"];

/** Ctrl-C can arrive twice: from the terminal, and from `deno task`. Signals within this time count as one. */
const SAME_SIGNAL_MS = 1_000;

export function signalsAsAbort(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort();
    } else if (performance.now() - firstAt > SAME_SIGNAL_MS) Deno.exit(130);
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
    },
  };
}
