import { WrongUsage } from "./command.ts";

/**
 * Parses a whole number of at least 1. `name` is the name of the flag or operand, for the message. Throws {@link
 * WrongUsage}.
 */
export function wholeNumber(text: string, name: string, most: number): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
  const range = most < 1e9 ? `from 1 to ${most}` : "of at least 1";
  throw new WrongUsage(`${name} must be a whole number ${range}, not "${text}"`);
}
