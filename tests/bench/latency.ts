/** Measures how fast a running service answers `/settings` while it imports a big roster. */
import { createServer } from "node:net";
import { join } from "node:path";
import { testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { rosterFile } from "./cases.ts";
import { type Program, spawn, watchPeak } from "./program.ts";

const TOKEN = "token-of-the-bench";
const ASK_EVERY_MS = 20;
const LONGEST_IMPORT_MS = 600_000;

export interface Latency {
  requests: number;
  p50: number;
  p99: number;
  worst: number;
  /** How long the import took, seen from outside. */
  seconds: number;
  peakMiB: number | null;
}

/** Starts the service, drops the roster, and asks at a fixed pace, whether the answer before has come or not. */
export async function measureLatency(program: Program, records: number): Promise<Latency> {
  await using database = (await testDatabase())!;
  const folder = await Deno.makeTempDir({ prefix: "rosterd-bench-" });
  const service = await startService(program, folder, database.url);
  try {
    const part = join(folder, ".roster.csv.part");
    await Deno.copyFile(await rosterFile({ records }), part);
    await Deno.rename(part, join(folder, "upload", "roster.csv"));
    await service.ask("/imports", "POST");
    return { ...await askDuringImport(service.ask), peakMiB: service.peakMiB() };
  } finally {
    await service.stop();
    await Deno.remove(folder, { recursive: true });
  }
}

type Ask = (path: string, method?: string) => Promise<unknown>;

async function askDuringImport(ask: Ask): Promise<Omit<Latency, "peakMiB">> {
  const times: number[] = [];
  const asked: Promise<void>[] = [];
  const begin = performance.now();
  const timer = setInterval(() => asked.push(timed(ask, times)), ASK_EVERY_MS);
  try {
    await until("the import is over", () => isOver(ask), LONGEST_IMPORT_MS);
  } finally {
    clearInterval(timer);
  }
  const seconds = (performance.now() - begin) / 1000;
  await Promise.all(asked);
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return { requests: times.length, p50: at(0.5), p99: at(0.99), worst: at(1), seconds };
}

async function timed(ask: Ask, times: number[]): Promise<void> {
  const begin = performance.now();
  await ask("/settings");
  times.push(performance.now() - begin);
}

async function isOver(ask: Ask): Promise<boolean> {
  await new Promise((resolve) => setTimeout(resolve, 250));
  const { imports: [latest] } = await ask("/imports?limit=1") as { imports: { status: string }[] };
  if (latest === undefined || latest.status === "running") return false;
  if (latest.status !== "done") throw new Error(`the import ended as ${JSON.stringify(latest)}`);
  return true;
}

interface Service {
  ask: Ask;
  peakMiB(): number | null;
  stop(): Promise<void>;
}

async function startService(program: Program, folder: string, databaseUrl: string): Promise<Service> {
  const listen = `127.0.0.1:${await freePort()}`;
  await Deno.writeTextFile(join(folder, "settings.json"), '{"settle_seconds": 0, "interval_minutes": 1440}\n');
  const env = { DATABASE_URL: databaseUrl, ROSTERD_LISTEN: listen, ROSTERD_ADMIN_TOKEN: TOKEN };
  const child = spawn([...program.command, "serve"], folder, env);
  const ended = child.output();
  const peak = watchPeak(child.pid);
  const headers = { authorization: `Bearer ${TOKEN}` };
  const ask: Ask = async (path, method = "GET") => {
    const response = await fetch(`http://${listen}${path}`, { method, headers });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return await response.json();
  };
  const stop = async () => {
    peak.stop();
    child.kill("SIGTERM");
    await ended;
  };
  try {
    await until("the service is ready", () => isReady(listen));
  } catch (error) {
    await stop();
    throw new Error(new TextDecoder().decode((await ended).stderr), { cause: error });
  }
  return { ask, peakMiB: () => peak.stop(), stop };
}

async function isReady(listen: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${listen}/readyz`);
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // Not listening yet.
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
