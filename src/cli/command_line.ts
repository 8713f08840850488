/** Formats a command as a user would type it, for messages that suggest one. */
import { shellWord } from "../runtime/shell_word.ts";
import type { Invocation } from "./command.ts";

/** Returns the command with its flags and operands, quoted for a shell. `more` lists flags to add. */
export function commandLine({ command, flags, operands }: Invocation, more: readonly string[] = []): string {
  const given = Object.entries(flags).flatMap(([name, value]) =>
    typeof value === "string" ? [`--${name}`, value] : value ? [`--${name}`] : []
  );
  return ["rosterd", command.words, ...[...given, ...more, ...operands].map(shellWord)].join(" ");
}
