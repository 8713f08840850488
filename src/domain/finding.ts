/** What `rosterd doctor` finds: one a check, and where it is not good, what to do (contract, section 7). */

export type Verdict = "good" | "warning" | "bad";

export interface Finding {
  /** A stable word: `database`, `rights`, `bak_folder`, … */
  check: string;
  verdict: Verdict;
  /** What was found; it quotes no secret and no value of a user. */
  text: string;
  /** A sentence that says what to do; null where nothing is to be done. */
  mend: string | null;
}

export function good(check: string, text: string): Finding {
  return { check, verdict: "good", text, mend: null };
}

/** rosterd works, but not as people may expect. */
export function warning(check: string, text: string, mend: string): Finding {
  return { check, verdict: "warning", text, mend };
}

/** Something that rosterd is there for does not work. */
export function bad(check: string, text: string, mend: string): Finding {
  return { check, verdict: "bad", text, mend };
}
