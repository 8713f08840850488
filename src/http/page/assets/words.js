/** Puts statuses, counts, numbers and times into words. Pure functions. */

/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("../../../domain/outcome.ts").Counts} Counts */
/** @typedef {"good" | "attention" | "bad" | "busy" | "quiet"} Tone */

/** Numbers and dates follow the browser's language. The words of the page, as in "3 minutes ago", are English. */
export const LANGUAGE = new Intl.NumberFormat().resolvedOptions().locale;

const NUMBER = new Intl.NumberFormat();
const TENTHS = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });

/** @param {number} value */
export function number(value) {
  return NUMBER.format(value);
}

/** @param {number} share 0.5 is 50 percent. */
export function percent(share) {
  return PERCENT.format(share);
}

/**
 * "1 user", "12 users".
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** @param {{ first_name: string | null, last_name: string | null }} user */
export function fullName({ first_name, last_name }) {
  return [first_name, last_name].filter((part) => part !== null).join(" ");
}

/** @param {string} text */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Turns a message from the service into a sentence, with a capital letter and a period. @param {string} text */
export function sentence(text) {
  return /[.!?]$/.test(text) ? capital(text) : `${capital(text)}.`;
}

/** @param {number} bytes */
export function size(bytes) {
  if (bytes < 1_000) return counted(bytes, "byte");
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes / 1_000;
  let unit = 0;
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1_000;
  return `${value < 9.95 ? TENTHS.format(value) : number(Math.round(value))} ${units[unit]}`;
}

/**
 * Replaces invisible characters, and characters that change the reading direction, with `\u{…}`.
 * @param {string} text
 */
export function shown(text) {
  return text.replace(
    // deno-lint-ignore no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}

const DAY_AND_TIME = new Intl.DateTimeFormat(undefined, {
  ...{ weekday: "short", day: "numeric", month: "short", year: "numeric" },
  ...{ hour: "2-digit", minute: "2-digit" },
});
const IN_SHORT = new Intl.DateTimeFormat(undefined, {
  ...{ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
});
const TO_THE_SECOND = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });

/** @param {string} time RFC 3339 */
export function dayAndTime(time) {
  return DAY_AND_TIME.format(new Date(time));
}

/** Omits the weekday, and the year if it is the current one. @param {string} time RFC 3339 */
export function inShort(time) {
  const date = new Date(time);
  return date.getFullYear() === new Date().getFullYear() ? IN_SHORT.format(date) : dayAndTime(time);
}

/** @param {string} time RFC 3339 */
export function toTheSecond(time) {
  return TO_THE_SECOND.format(new Date(time));
}

const RELATIVE = new Intl.RelativeTimeFormat("en-GB", { numeric: "auto" });
/**
 * The name of each unit, with its length and its rounding in seconds. Because of rounding, 3,599 seconds become an hour
 * rather than 60 minutes.
 */
const UNITS = /** @type {const} */ ([["day", 86_400, 3_600], ["hour", 3_600, 60], ["minute", 60, 1]]);

/**
 * "3 minutes ago", "in 2 hours".
 * @param {string} time RFC 3339
 * @param {number} now in milliseconds
 */
export function fromNow(time, now) {
  const seconds = Math.round((Date.parse(time) - now) / 1_000);
  for (const [unit, length, below] of UNITS) {
    if (Math.abs(Math.round(seconds / below)) * below >= length) {
      return RELATIVE.format(Math.round(seconds / length), unit);
    }
  }
  if (Math.abs(seconds) < 10) return seconds > 0 ? "in a moment" : "just now";
  return seconds > 0 ? "in less than a minute" : "less than a minute ago";
}

/** @param {string} from @param {string} to */
export function duration(from, to) {
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000;
  if (seconds < 1) return "less than a second";
  const whole = Math.round(seconds);
  if (whole < 60) return counted(whole, "second");
  return `${counted(Math.floor(whole / 60), "minute")} ${counted(whole % 60, "second")}`;
}

/** @type {Record<ImportEntry["status"], { word: string, tone: Tone }>} */
const STATUSES = {
  running: { word: "Running", tone: "busy" },
  done: { word: "Done", tone: "good" },
  failed_records: { word: "Failed records", tone: "attention" },
  held: { word: "Held", tone: "attention" },
  rejected: { word: "Rejected", tone: "bad" },
  error: { word: "Error", tone: "bad" },
  checked: { word: "Checked only", tone: "quiet" },
};

/** @type {{ word: string, tone: Tone }} */
const ALL_FAILED = { word: "All records failed", tone: "bad" };

/** Whether all records of an import or a trial failed. @param {Outcome} entry */
export function allFailed({ status, records, failed }) {
  return (status === "failed_records" || status === "checked") && failed > 0 && failed === records;
}

/** The statuses in the order of the filter. */
export const STATUS_NAMES = /** @type {const} */ ([
  "done",
  "failed_records",
  "held",
  "rejected",
  "error",
  "running",
  "checked",
]);

/** @param {ImportEntry["status"]} status */
export function statusWord(status) {
  return STATUSES[status].word;
}

/** @typedef {Pick<ImportEntry, "status" | "records" | "failed"> & Partial<Pick<ImportEntry, "hold" | "undone_at">>} Outcome */

/**
 * The status of an import, with the decisions made since.
 * @param {Outcome} entry
 * @returns {{ word: string, tone: Tone }}
 */
export function statusOf(entry) {
  const { status, hold, undone_at } = entry;
  const { word, tone } = allFailed(entry) ? ALL_FAILED : STATUSES[status];
  const since = [hold && hold.state !== "open" ? hold.state : "", undone_at ? "undone" : ""];
  const decided = since.filter((part) => part !== "").join(", ");
  return decided === "" ? { word, tone } : { word: `${word} (${decided})`, tone: "quiet" };
}

/**
 * The counts in the result of a decision, in display order: the name of the count, the noun in singular and plural, and
 * the verb.
 */
const DECIDED = /** @type {const} */ ([
  ["archived", "user", "users", "archived"],
  ["disabled", "user", "users", "disabled"],
  ["discarded", "user keeps", "users keep", "access"],
  ["restored", "user", "users", "restored"],
  ["permits_restored", "permit", "permits", "restored"],
  ["permits_released", "permit", "permits", "released"],
  ["left_out_total", "user", "users", "left unchanged"],
]);

/**
 * "80 users archived, 1 permit released".
 * @param {Readonly<Record<string, number>>} counts
 */
export function decidedInWords(counts) {
  const parts = DECIDED.filter(([name]) => counts[name] > 0).map(([name, one, many, what]) =>
    `${counted(counts[name], one, many)} ${what}`
  );
  return parts.join(", ") || "nothing needed to change";
}

/** @type {Record<keyof Counts, string>} */
export const COUNT_WORDS = {
  records: "Records",
  created: "Created",
  updated: "Updated",
  unchanged: "Unchanged",
  archived: "Archived",
  reactivated: "Reactivated",
  held: "Held",
  skipped: "Skipped",
  failed: "Failed",
  permits_released: "Permits released",
  missing_archived: "Missing, archived",
  missing_held: "Missing, held",
  renamed: "Renamed",
  merged: "Merged",
};

export const OUTCOME_NAMES = /** @type {const} */ ([
  "created",
  "updated",
  "reactivated",
  "unchanged",
  "skipped",
  "archived",
  "held",
  "failed",
]);

/**
 * Counts in words, such as "600 unchanged, 400 held". A line break never separates a number from its word.
 * @param {Counts} counts
 */
export function countsInWords(counts) {
  const parts = OUTCOME_NAMES.filter((name) => counts[name] > 0).map((name) => `${number(counts[name])}\u00a0${name}`);
  const missing = counts.missing_archived + counts.missing_held;
  if (missing > 0) parts.push(`${number(missing)}\u00a0missing`);
  return parts.length === 0 ? "no records" : parts.join(", ");
}

/** @type {Record<ImportEntry["mail"], string>} */
export const MAIL_WORDS = {
  none: "None needed",
  waiting: "Waiting to be sent",
  sent: "Sent",
  failed: "Could not be sent",
  not_configured: "Not sent: mail is not set up",
};

export const STAGE_WORDS = {
  examining: "Checking the file",
  reading: "Reading the records",
  merging: "Comparing records with users and saving changes",
  reporting: "Saving the report",
};

/** @type {Record<string, string>} */
export const DELIMITER_WORDS = { ",": "commas", ";": "semicolons", "\t": "tabs" };
