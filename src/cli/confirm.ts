/** Asks a person to confirm the effects of a command. */
import type { Invocation } from "./command.ts";
import type { Terminal } from "./terminal.ts";

/** Resolves to true if `--yes` is given or the person answers yes. Call this function only on a terminal. */
export async function isConfirmed({ flags, terminal, signal }: Invocation, question: string): Promise<boolean> {
  return flags.yes === true || await confirms(terminal, question, signal);
}

/** Asks a yes-or-no question. The end of the input counts as a no. */
export async function confirms(terminal: Terminal, question: string, signal: AbortSignal): Promise<boolean> {
  const typed = await terminal.ask(`${question} [y/N] `, signal);
  return typed !== null && /^y(es)?$/i.test(typed);
}
