/**
 * The guard against spreadsheets (contract, section 4): a value that a spreadsheet would run as a formula or rewrite
 * on saving gets a leading `'` in a failed-records file, and the import takes it off again.
 *
 * What is rewritten was found by letting LibreOffice save some 450 values, in six locales, with and without its
 * "Detect special numbers"; `tests/e2e/way_back_slow.ts` does it again.
 */

/** What a spreadsheet runs: a first character that begins a formula, also full-width; LF, as which a CR is saved. */
const RUN = /^[=+\-@＝＋－＠\t\r\n]/;

/** Digits, also in groups of three, with decimals; what sets groups apart does not begin the decimals too. */
const DIGITS = String
  .raw`(?:\d{1,3}(?<gap>[ \u00a0\u202f.,'’])\d{3}(?:\k<gap>\d{3})*(?!\k<gap>)|\d+)(?:[.,]\d*)?|[.,]\d+`;

/** A number of any kind: also with an exponent, money, per cent, or negative as accountants write it. */
const FIGURE = new RegExp(String.raw`^[+-]?\(?(?:[$€£¥] ?)?(?:${DIGITS})(?:e[+-]?\d+)?(?: ?[%$€£¥])?-?\)?$`, "i");

/** The numbers that a spreadsheet saves as it found them. */
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/;

/** A month in English or French, also short: what makes "12 May" a date, and "12 Main" none. */
const MONTH =
  "(?:jan(?:uary|v(?:ier)?)?|feb(?:ruary)?|f[ée]v(?:r(?:ier)?)?|mar(?:ch|s)?|apr(?:il)?|avr(?:il)?|ma[iy]|june?|" +
  "juin|july?|juil(?:let)?|aug(?:ust)?|ao[ûu]t|sept?(?:emb(?:er|re))?|oct(?:ob(?:er|re))?|nov(?:emb(?:er|re))?|" +
  String.raw`d[ée]c(?:emb(?:er|re))?)\.?`;

const WEEKDAY =
  "(?:(?:mon|tue|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun|(?:lun|mar|mercre|jeu|vendre|" +
  "same)di|dimanche)";

const DATE = [
  String.raw`\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{0,4})?`,
  String.raw`\d{1,4}\.?[ /-]?${MONTH}(?:[ /-]?\d{1,4})?`,
  String.raw`${MONTH}[ /-]?\d{1,4}(?:,? ?\d{4})?`,
].join("|");

const TIME = String.raw`\d{1,4}:\d{1,2}(?::\d{1,2})?(?:[.,]\d+)?(?: ?[ap]m?)?|\d{1,2}(?: [ap]| ?[ap]m)`;

const FRACTION = String.raw`\d{1,5} \d{1,4}/\d{1,4}`;

const REWRITTEN = new RegExp(
  `^(?:(?:${WEEKDAY},? )?(?:${DATE})(?:[t ](?:${TIME}))?|${TIME}|${FRACTION}|true|false|vrai|faux)$`,
  "i",
);

/** Whether a spreadsheet would not leave the value as it is. */
export function spreadsheetChanges(value: string): boolean {
  return RUN.test(value) || isRewritten(value.trim());
}

function isRewritten(value: string): boolean {
  return FIGURE.test(value) ? !PLAIN_NUMBER.test(value) : REWRITTEN.test(value);
}

/** The value as a spreadsheet leaves it alone. */
export function guard(value: string): string {
  return spreadsheetChanges(value) ? `'${value}` : value;
}

/** Whether a value's leading `'` is such a guard. */
export function isGuarded(value: string): boolean {
  return value.startsWith("'") && spreadsheetChanges(value.slice(1));
}

/** The value without its guard, if it has one. */
export function unguarded(value: string): string {
  return isGuarded(value) ? value.slice(1) : value;
}
