/** Reads dates in the formats that the setting `date_format` allows (docs/file-format.md#dates). */
import type { DateFormat } from "../../domain/setting_values.ts";

/** Returns YYYY-MM-DD if the text matches the format, even if the date does not exist; otherwise null. */
export type ReadDate = (text: string) => string | null;

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Whether a date YYYYMMDD, written as one number, exists. */
export function isRealDay(date: number): boolean {
  const year = Math.floor(date / 10_000), month = Math.floor(date / 100) % 100, day = date % 100;
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= DAYS[month - 1] + leap;
}

/** Converts a date YYYY-MM-DD to the number YYYYMMDD. */
export function dayNumber(date: string): number {
  return Number(date.replaceAll("-", ""));
}

const MONTHS = [
  "january",
  "february",
  "march",
  "april",
  "may",
  "june",
  "july",
  "august",
  "september",
  "october",
  "november",
  "december",
];

/** The day and the month have one or two digits each, and both separators are the same. */
const PARTS = /^(\d{1,2})([/.-])(\d{1,2})\2(\d{4})$/;

const iso = (year: string, month: string, day: string) => `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}`;

/** All formats except YYYY-MM-DD, which needs no conversion. The example is December 31, 1999. */
export const DATE_FORMS: Readonly<Record<Exclude<DateFormat, "YYYY-MM-DD">, { example: string; read: ReadDate }>> = {
  "DD/MM/YYYY": {
    example: "31/12/1999",
    read: (text) => {
      const [, day, , month, year] = PARTS.exec(text) ?? [];
      return day === undefined ? null : iso(year, month, day);
    },
  },
  "MM/DD/YYYY": {
    example: "12/31/1999",
    read: (text) => {
      const [, month, , day, year] = PARTS.exec(text) ?? [];
      return month === undefined ? null : iso(year, month, day);
    },
  },
  "YYYYMMDD": {
    example: "19991231",
    read: (text) => {
      const [, year, month, day] = /^(\d{4})(\d{2})(\d{2})$/.exec(text) ?? [];
      return year === undefined ? null : iso(year, month, day);
    },
  },
  "DD-MON-YYYY": {
    example: "31-DEC-1999",
    read: (text) => {
      const [, day, , name, year] = /^(\d{1,2})([/.-])([a-z]{3,9})\2(\d{4})$/i.exec(text) ?? [];
      const month = day === undefined ? 0 : 1 + MONTHS.findIndex((full) => full.startsWith(name.toLowerCase()));
      return month === 0 ? null : iso(year, String(month), day);
    },
  },
};
