/**
 * Kills its own process before or after the N-th side effect. The other modules in this folder replace
 * `src/inbox/files/disk.ts`, `src/postgres/connection/connect.ts` and `src/smtp/transport.ts`, which cause all side
 * effects of an import. They report each side effect to this module. `ROSTERD_KILL` sets the moment (`before 7`, `after
 * 7`); `ROSTERD_KILLED` is the file to which the name of the interrupted step is written. If `ROSTERD_KILL_FROM` names
 * a file, side effects count only once the test has written that file.
 */
import { existsSync } from "node:fs";

const [when, wanted] = (Deno.env.get("ROSTERD_KILL") ?? "never 0").split(" ");
const report = Deno.env.get("ROSTERD_KILLED");
const begin = Deno.env.get("ROSTERD_KILL_FROM");
let effects = 0;

/** Performs one side effect, unless the process ends first. A side effect that fails counts too. */
export async function effect<T>(name: string, work: () => PromiseLike<T>): Promise<T> {
  const number = await before(name);
  try {
    return await work();
  } finally {
    await after(name, number);
  }
}

/** Counts a side effect that is about to happen. Returns the number of the side effect, for {@link after}. */
export async function before(name: string): Promise<number> {
  // Probes of the folders can happen at any time and would change the numbering.
  if (begin !== undefined && (!existsSync(begin) || name.endsWith(".probe"))) return 0;
  const number = ++effects;
  if (when === "before" && number === Number(wanted)) await end(name);
  return number;
}

/** Reports that a side effect has happened. */
export async function after(name: string, number: number): Promise<void> {
  if (when === "after" && number === Number(wanted)) await end(name);
}

async function end(name: string): Promise<never> {
  if (report !== undefined) Deno.writeTextFileSync(report, `${when} ${wanted}: ${name}`);
  Deno.kill(Deno.pid, "SIGKILL");
  return await new Promise<never>(() => {});
}
