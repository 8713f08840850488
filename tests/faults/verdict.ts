/**
 * Tells of each fault that was survived, and by how much: one line on the console, and one in the tally from which
 * `deno task test:slow` makes its totals (`.ci/slow.ts`). Called when everything about the fault has been asserted.
 */

/** A fault that was made to happen, and what was looked at behind it. */
export interface Survived {
  /** As in the fault list: "killed before and after each step of an import that fails in part". */
  fault: string;
  /** How often the fault was made to happen. */
  injected: number;
  /** How many of them were a SIGKILL. */
  kills?: number;
  /** How many invariants were checked, each from outside. */
  checks: number;
}

/** The file of the tally, where somebody wants one. */
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
