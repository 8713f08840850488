import { type Invocation, WrongUsage } from "./command.ts";

/** A flag whose value must be one of `choices`; undefined if the flag is absent. Throws {@link WrongUsage}. */
export function oneOf<T extends string>(
  flags: Invocation["flags"],
  name: string,
  choices: readonly T[],
): T | undefined {
  const given = flags[name];
  if (given === undefined) return undefined;
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  throw new WrongUsage(`--${name} must be one of ${choices.join(", ")}, not "${given}"`);
}
