/** SIGTERM and SIGINT as an AbortSignal. The first asks for a clean end; a later one ends the process at once. */
const SIGNALS: Deno.Signal[] = ["SIGTERM", "SIGINT"];

/** Ctrl-C reaches the whole group of processes, and `deno task` passes it on as well: two within this are one. */
const ONE_REQUEST_MS = 1_000;

export function signalsAsAbort(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  let firstAt = 0;
  const onSignal = () => {
    if (!controller.signal.aborted) {
      firstAt = performance.now();
      controller.abort();
    } else if (performance.now() - firstAt > ONE_REQUEST_MS) Deno.exit(130);
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
    },
  };
}
