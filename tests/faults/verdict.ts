/**
 * Reports each survived fault on the console and in the tally that `deno task test:slow` sums up (`.ci/slow.ts`).
 * Call it after all assertions about the fault.
 */

/** A fault, and the checks after the fault. */
export interface Survived {
  /** A description such as "killed before and after each step of an import that fails in part". */
  fault: string;
  /** How often the fault was injected. */
  injected: number;
  /** How many of the faults were a SIGKILL. */
  kills?: number;
  /** How many invariants were checked from outside. */
  checks: number;
}

/** The environment variable with the path of the tally, if any. */
export const TALLY = "ROSTERD_TALLY";

export function survived(verdict: Survived): void {
  const { fault, injected, kills = 0, checks } = verdict;
  const killed = kills > 0 ? `, ${kills} kills` : "";
  console.log(`survived: ${fault} (${injected} faults${killed}, ${checks} checks)`);
  const tally = Deno.env.get(TALLY);
  if (tally !== undefined) {
    Deno.writeTextFileSync(tally, JSON.stringify({ ...verdict, kills }) + "\n", { append: true });
  }
}
