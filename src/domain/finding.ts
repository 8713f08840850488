/** The findings of `rosterd doctor`, one for each check (docs/cli.md). */

export type Verdict = "good" | "warning" | "bad";

export interface Finding {
  /** A stable word: `database`, `rights`, `bak_folder`, … */
  check: string;
  verdict: Verdict;
  /** Quotes no secret and no value of a user. */
  text: string;
  /** A sentence that says what to do; null if nothing is. */
  fix: string | null;
}

export function good(check: string, text: string): Finding {
  return { check, verdict: "good", text, fix: null };
}

/** rosterd works, but may surprise its admin. */
export function warning(check: string, text: string, fix: string): Finding {
  return { check, verdict: "warning", text, fix };
}

/** A part of rosterd does not work. */
export function bad(check: string, text: string, fix: string): Finding {
  return { check, verdict: "bad", text, fix };
}
