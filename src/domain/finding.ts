/** The findings of `rosterd doctor`, one for each check (docs/cli.md). */
import { z } from "zod";

export const finding = z.object({
  check: z.string().describe("A stable code for programs."),
  verdict: z.enum(["good", "warning", "bad"]),
  text: z.string(),
  mend: z.string().nullable().describe("What to do; null where nothing is to be done."),
});
/** `check`: `database`, `bak_folder`, … `text` quotes no secret and no value of a user; `mend` is a sentence. */
export type Finding = z.output<typeof finding>;

export function good(check: string, text: string): Finding {
  return { check, verdict: "good", text, mend: null };
}

/** rosterd works, but may surprise its admin. */
export function warning(check: string, text: string, mend: string): Finding {
  return { check, verdict: "warning", text, mend };
}

/** A part of rosterd does not work. */
export function bad(check: string, text: string, mend: string): Finding {
  return { check, verdict: "bad", text, mend };
}
