/** The results of `rosterd doctor`, one for each check (docs/cli.md). */
import { z } from "zod";

export const finding = z.object({
  check: z.string().describe("A stable, machine-readable code."),
  verdict: z.enum(["good", "warning", "bad"]),
  text: z.string(),
  fix: z.string().nullable().describe("What to do; null if nothing needs to be done."),
});
/**
 * `check` is a code such as `database` or `bak_folder`. `text` describes the result and never contains secrets or user
 * data. `fix` is a sentence that tells the admin what to do.
 */
export type Finding = z.output<typeof finding>;

export function good(check: string, text: string): Finding {
  return { check, verdict: "good", text, fix: null };
}

/** Reports that rosterd works, but that its behavior may surprise the admin. */
export function warning(check: string, text: string, fix: string): Finding {
  return { check, verdict: "warning", text, fix };
}

/** Reports that a part of rosterd does not work. */
export function bad(check: string, text: string, fix: string): Finding {
  return { check, verdict: "bad", text, fix };
}
