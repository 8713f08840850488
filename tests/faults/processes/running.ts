/** A `rosterd serve` process that a test calls over HTTP. */
import type { Workplace } from "../../support/rosterd.ts";
import { until } from "../../support/until.ts";

export interface Running {
  readonly process: Deno.ChildProcess;
  /** The process of rosterd itself, inside any wrapper. */
  pid(): number;
  /** Returns a successful response, or throws. */
  // deno-lint-ignore no-explicit-any
  ask(method: string, path: string, patch?: unknown): Promise<any>;
}

/** Starts the service with the data folder `data` and waits until it responds. */
export async function runningAt(here: Workplace, data = "data", ...words: string[]): Promise<Running> {
  const process = here.spawn("serve", "--data", data, ...words);
  const started = Date.now();
  const { address, pid } = await until("the service listens", async () => {
    const record = await readJson(here.path(`${data}/service.json`));
    return record !== null && Date.parse(record.started_at) >= started && record;
  }, 30_000);
  const token = (await Deno.readTextFile(here.path(`${data}/admin-token`))).trim();
  return {
    process,
    pid: () => pid,
    async ask(method, path, patch) {
      const headers: Record<string, string> = { authorization: `Bearer ${token}` };
      if (patch !== undefined) headers["content-type"] = "application/merge-patch+json";
      const response = await fetch(address + path, { method, headers, body: JSON.stringify(patch) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
      return JSON.parse(text);
    },
  };
}

async function readJson(path: string) {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return null;
    throw error;
  }
}
