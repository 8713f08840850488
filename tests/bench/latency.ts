/** Measures how quickly a running service answers `/settings` while it imports a large roster. */
import { join } from "node:path";
import { testDatabase } from "../support/postgres.ts";
import { until } from "../support/until.ts";
import { rosterFile } from "./files.ts";
import type { Program } from "./program.ts";
import { type Ask, startService } from "./service.ts";

const ASK_EVERY_MS = 20;
const LONGEST_IMPORT_MS = 600_000;

export interface Latency {
  requests: number;
  p50: number;
  p99: number;
  worst: number;
  /** The duration of the import, as seen from outside. */
  seconds: number;
  peakMiB: number | null;
}

/** Starts the service, drops the roster and sends requests at a fixed rate without waiting for responses. */
export async function measureLatency(program: Program, records: number): Promise<Latency> {
  await using database = (await testDatabase())!;
  await using service = await startService(program, database.url);
  const part = join(service.upload, ".roster.csv.part");
  await Deno.copyFile(await rosterFile({ records }), part);
  await Deno.rename(part, join(service.upload, "roster.csv"));
  await service.ask("/imports", "POST");
  return { ...await askDuringImport(service.ask), peakMiB: service.peakMiB() };
}

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
