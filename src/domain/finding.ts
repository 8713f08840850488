/** The findings of `rosterd doctor`, one for each check (docs/cli.md). */
import { z } from "zod";

export const finding = z.object({
  check: z.string().describe("A stable code for programs."),
  verdict: z.enum(["good", "warning", "bad"]),
  text: z.string(),
  fix: z.string().nullable().describe("What to do; null if nothing is."),
});
/** `check`: `database`, `bak_folder`, … `text` quotes no secret and no value of a user; `fix` is a sentence. */
export type Finding = z.output<typeof finding>;

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
