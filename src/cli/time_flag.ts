import { WrongUsage } from "./command.ts";

/** Converts a flag with a day or a time to RFC 3339. A day begins at midnight in the time zone of this machine. */
export function timeFlag(text: string, name: string): string {
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  if (Number.isNaN(time.getTime())) throw new WrongUsage(`${name} must be a day such as 2026-11-30, not "${text}"`);
  return time.toISOString();
}
