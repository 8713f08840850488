/** A running `rosterd serve`, measured from outside: HTTP, folders, `/proc`. */
import { createServer } from "node:net";
import { join } from "node:path";
import { until } from "../support/until.ts";
import { type Program, spawn, watchPeak } from "./program.ts";

const TOKEN = "token-of-the-bench";
const LOOK_EVERY_MS = 4;
const READY_WITHIN_MS = 30_000;

export type Ask = (path: string, method?: string) => Promise<unknown>;

export interface BenchService extends AsyncDisposable {
  /** Sends an HTTP request with the admin token. Throws if the request fails. */
  ask: Ask;
  readonly upload: string;
  readonly bak: string;
  /** The time from the start of the process to the first 200 response from `/readyz`. */
  readonly readySeconds: number;
  /** The peak memory of the service so far. */
  peakMiB(): number | null;
}

/**
 * Starts the service with its own folders, using a given database. Disposal stops the service and removes the folders.
 */
export async function startService(program: Program, databaseUrl: string): Promise<BenchService> {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-bench-" });
  const listen = `127.0.0.1:${await freePort()}`;
  await Deno.writeTextFile(join(folder, "settings.json"), '{"settle_seconds": 0, "interval_minutes": 1440}\n');
  const env = { DATABASE_URL: databaseUrl, ROSTERD_LISTEN: listen, ROSTERD_ADMIN_TOKEN: TOKEN };
  const begin = performance.now();
  const child = spawn([...program.command, "serve"], folder, env);
  const ended = child.output();
  const peak = watchPeak(child.pid);
  const stop = async () => {
    peak.stop();
    child.kill("SIGTERM");
    await ended;
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await until("the service is ready", () => isReady(listen), READY_WITHIN_MS, LOOK_EVERY_MS);
  } catch (error) {
    await stop();
    throw new Error(new TextDecoder().decode((await ended).stderr), { cause: error });
  }
  return {
    ask: asking(listen),
    upload: join(folder, "upload"),
    bak: join(folder, "upload", "bak"),
    readySeconds: (performance.now() - begin) / 1_000,
    peakMiB: () => peak.stop(),
    [Symbol.asyncDispose]: stop,
  };
}

function asking(listen: string): Ask {
  const headers = { authorization: `Bearer ${TOKEN}` };
  return async (path, method = "GET") => {
    const response = await fetch(`http://${listen}${path}`, { method, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  };
}

async function isReady(listen: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${listen}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // The service is not listening yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
