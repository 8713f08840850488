import { WrongUsage } from "./command.ts";

/**
 * A flag with a date or a time, in RFC 3339 format. A day begins at midnight in the time zone of this machine.
 * `lastDay`: whether a date means the end of that day, which is the next midnight.
 */
export function timeFlag(text: string, name: string, lastDay = false): string {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text);
  const time = new Date(isDay ? `${text}T00:00` : text);
  if (isDay && lastDay) time.setDate(time.getDate() + 1);
  if (Number.isNaN(time.getTime())) throw new WrongUsage(`${name} must be a date such as 2026-11-30, not "${text}"`);
  return time.toISOString();
}
