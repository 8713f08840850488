/** Asks a person to confirm what a command is about to do. */
import type { Invocation } from "./command.ts";

export const YES_FLAG = { yes: { value: null, help: "do not ask" } };

/** True with `--yes`, and otherwise if the person answers yes. Call it only if the terminal can ask. */
export async function isConfirmed({ flags, terminal, signal }: Invocation, question: string): Promise<boolean> {
  if (flags.yes) return true;
  const typed = await terminal.ask(`${question} [y/N] `, signal);
  return typed !== null && /^y(es)?$/i.test(typed);
}
