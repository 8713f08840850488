/** Asks a person to confirm the effects of a command. */
import type { Invocation } from "./command.ts";

export const YES_FLAG = { yes: { value: null, help: "do not ask for confirmation" } };

/** Resolves to true with `--yes`, or if the person answers yes. Call this function only with a terminal. */
export async function isConfirmed({ flags, terminal, signal }: Invocation, question: string): Promise<boolean> {
  if (flags.yes) return true;
  const typed = await terminal.ask(`${question} [y/N] `, signal);
  return typed !== null && /^y(es)?$/i.test(typed);
}
