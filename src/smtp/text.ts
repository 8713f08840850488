import { printable } from "../runtime/log.ts";

/** `23 Nov 2026, 18:45 UTC`. The default is the time zone of this machine: `23 Nov 2026, 13:45 (UTC-5)`. */
export function localMinute(isoTime: string, timeZone?: string): string {
  const parts = partsOf({ ...DAY, hour: "2-digit", minute: "2-digit", timeZoneName: "shortOffset" }, isoTime, timeZone);
  const zone = parts.timeZoneName.replace("GMT", "UTC");
  return `${dayOf(parts)}, ${parts.hour}:${parts.minute} ${zone === "UTC" ? zone : `(${zone})`}`;
}

/** Formats a date as `23 Nov 2026`. */
export function localDay(isoTime: string, timeZone?: string): string {
  return dayOf(partsOf(DAY, isoTime, timeZone));
}

const DAY = { day: "numeric", month: "short", year: "numeric" } as const;

function partsOf(options: Intl.DateTimeFormatOptions, isoTime: string, timeZone?: string): Record<string, string> {
  const format = new Intl.DateTimeFormat("en", { ...options, hourCycle: "h23", timeZone });
  return Object.fromEntries(format.formatToParts(new Date(isoTime)).map(({ type, value }) => [type, value]));
}

function dayOf({ day, month, year }: Record<string, string>): string {
  return `${day} ${month} ${year}`;
}

const MAX_SHOWN_CHARACTERS = 200;

/**
 * Makes untrusted text safe for use on one line: shows control and direction characters as codes and truncates long
 * text.
 */
export function shown(text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string {
  const points = Array.from(text);
  return printable(points.length > maxCharacters ? points.slice(0, maxCharacters - 1).join("") + "…" : text);
}
