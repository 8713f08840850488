/** SIGTERM and SIGINT as an AbortSignal. The first asks for a clean end; a second one ends the process at once. */
const SIGNALS: Deno.Signal[] = ["SIGTERM", "SIGINT"];

export function signalsAsAbort(): Disposable & { signal: AbortSignal } {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) Deno.exit(130);
    controller.abort();
  };
  for (const name of SIGNALS) Deno.addSignalListener(name, onSignal);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) Deno.removeSignalListener(name, onSignal);
    },
  };
}
