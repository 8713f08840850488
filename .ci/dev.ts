/**
 * `deno task dev`: runs the service and restarts it when a source file changes. `deno run --watch` does not work: it
 * starts the next service before the previous one has released its port and database.
 */
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "./permissions.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** The delay before a restart: editors may write a file in several steps, or several files at once. */
const QUIET_MS = 200;

/** The program runs in its own process group, so that Ctrl-C reaches it only through this script. */
function start(command: readonly string[]): Deno.ChildProcess {
  const [program, ...args] = command;
  return new Deno.Command(program, { args, stdin: "null", detached: true }).spawn();
}

async function end(process: Deno.ChildProcess): Promise<void> {
  try {
    process.kill("SIGTERM");
  } catch (error) {
    // The error is ignored, because the process has already ended.
    if (!(error instanceof TypeError)) throw error;
  }
  await process.status;
}

/** Runs the command until the signal aborts. Restarts the command whenever a file under the paths changes. */
export async function runAndWatch(
  { command, paths, signal }: { command: readonly string[]; paths: readonly string[]; signal: AbortSignal },
): Promise<void> {
  using watcher = Deno.watchFs([...paths]);
  let process = start(command);
  let restarting = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const restart = () => {
    restarting = restarting.then(async () => {
      await end(process);
      if (!signal.aborted) process = start(command);
    });
  };
  const stop = () => watcher.close();
  signal.addEventListener("abort", stop, { once: true });
  for await (const { kind } of watcher) {
    if (kind === "access") continue;
    clearTimeout(timer);
    timer = setTimeout(restart, QUIET_MS);
  }
  clearTimeout(timer);
  await restarting;
  await end(process);
}

if (import.meta.main) {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    Deno.addSignalListener(signal, () => stopping.abort());
  }
  await runAndWatch({
    command: [Deno.execPath(), "run", ...PERMISSIONS, `${ROOT}main.ts`, "serve", ...Deno.args],
    paths: ["src", "main.ts", "deno.json"].map((path) => ROOT + path),
    signal: stopping.signal,
  });
  // The script exits explicitly, because signal listeners would keep the process alive.
  Deno.exit(0);
}
