/**
 * The guard against spreadsheets (contract, section 4): a value that a spreadsheet would run as a formula or rewrite
 * on saving gets a leading `'` in a failed-records file, and the import takes it off again.
 */

/** What a spreadsheet runs: a first character that begins a formula, also full-width. */
const RUN = /^[=+\-@＝＋－＠\t\r]/;

/** A month in English or French, also short: what makes "12 May" a date, and "12 Main" none. */
const MONTH =
  "(?:jan(?:uary|v(?:ier)?)?|feb(?:ruary)?|f[ée]v(?:r(?:ier)?)?|mar(?:ch|s)?|apr(?:il)?|avr(?:il)?|ma[iy]|june?|" +
  "juin|july?|juil(?:let)?|aug(?:ust)?|ao[ûu]t|sept?(?:emb(?:er|re))?|oct(?:ob(?:er|re))?|nov(?:emb(?:er|re))?|" +
  String.raw`d[ée]c(?:emb(?:er|re))?)\.?`;

/** What a spreadsheet rewrites: a leading zero, more than 15 digits, an exponent, a date. */
const REWRITTEN = new RegExp(
  [
    String.raw`^0\d+$`,
    String.raw`^\d{16,}$`,
    String.raw`^\d+(?:\.\d*)?e[+-]?\d+$`,
    String.raw`^\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?$`,
    String.raw`^\d{1,2}[ /-]?${MONTH}(?:[ /-]?\d{1,4})?$`,
    String.raw`^${MONTH}[ /-]?\d{1,4}(?:,? ?\d{4})?$`,
  ].join("|"),
  "i",
);

/** Whether a spreadsheet would not leave the value as it is. */
export function spreadsheetChanges(value: string): boolean {
  return RUN.test(value) || REWRITTEN.test(value);
}

/** The value as a spreadsheet leaves it alone. */
export function guard(value: string): string {
  return spreadsheetChanges(value) ? `'${value}` : value;
}

/** Whether a value's leading `'` is such a guard. */
export function isGuarded(value: string): boolean {
  return value.startsWith("'") && spreadsheetChanges(value.slice(1));
}
