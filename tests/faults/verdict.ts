/**
 * Reports each fault survived on the console and in the tally that `deno task test:slow` sums up (`.ci/slow.ts`). Call
 * this function after all assertions about the fault.
 */

/** A fault, and the checks made after it. */
export interface Survived {
  /** A description such as "killed before and after each step of an import that fails in part". */
  fault: string;
  /** The number of times the fault was injected. */
  injected: number;
  /** The number of faults that were a SIGKILL. */
  kills?: number;
  /** The number of invariants checked from outside. */
  checks: number;
}

/** The environment variable that contains the path to the tally. Without it, no tally is written. */
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
