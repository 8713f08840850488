/**
 * Protects values from spreadsheets (docs/mail.md#spreadsheet-values). In a failed-records file, a value that a
 * spreadsheet would run as a formula or rewrite gets a leading `'`, which the import removes.
 *
 * The patterns come from saving 450 values with LibreOffice in six locales, with and without "Detect special numbers";
 * `tests/e2e/way_back_slow.ts` repeats this experiment.
 */

/**
 * Characters that begin a formula, including full-width characters. Line endings are also included, because
 * spreadsheets save a CR as an LF.
 */
const RUN = /^[=+\-@＝＋－＠\t\r\n]/;

/** Digits, with or without group separators and decimals. The group separator and the decimal separator must differ. */
const DIGITS = String
  .raw`(?:\d{1,3}(?<gap>[ \u00a0\u202f.,'’])(?:\d{2,3}\k<gap>)*\d{3}(?!\k<gap>)|\d+)(?:[.,]\d*)?|[.,]\d+`;

/** A currency symbol or code. */
const MONEY = String.raw`(?:\p{Sc}|R\$|Fr\.|CHF|EUR|USD|CAD|GBP|kr\.?)`;

/** Any number: with an exponent, a currency or a percent sign, or in parentheses, which indicate a negative number. */
const FIGURE = new RegExp(
  String.raw`^[+-]?\(?(?:(?:${MONEY}|%) ?-?)?(?:${DIGITS})(?:e[+-]?\d+)?(?: ?(?:${MONEY}|%))?[+-]?\)?$`,
  "iu",
);

/** The only numbers that a spreadsheet saves unchanged. */
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/;

/**
 * A full or abbreviated month name: "12 May" is a date, but "12 Main" is not. Spreadsheets recognize month names in
 * their own language, and some also recognize English names.
 */
const MONTH = String.raw`(?:${
  [
    "jan(?:uary|uar|v(?:ier)?|eiro|uari)?|j[äa]n(?:ner)?|ene(?:ro)?|gen(?:naio)?",
    "feb(?:ruary|ruar|rero|braio|ruari|er)?|f[ée]v(?:r(?:ier)?|ereiro)?",
    "mar(?:ch|s|zo|ço)?|m[äa]e?r(?:z)?|mrz|maart|mrt",
    "apr(?:il|ile)?|avr(?:il)?|abr(?:il)?",
    "ma[iy]o?|mei|mag(?:gio)?",
    "june?|juin|jun(?:i|io|ho)?|giu(?:gno)?",
    "july?|juil(?:let)?|jul(?:i|io|ho)?|lug(?:lio)?",
    "aug(?:ust|ustus)?|ao[ûu]t|ago(?:sto)?",
    "sept?(?:emb(?:er|re)|iembre|tembre)?|set(?:iembre|tembre|embro)?",
    "o[ck]t(?:ob(?:er|re))?|oct(?:ubre)?|ott(?:obre)?|out(?:ubro)?",
    "nov(?:emb(?:er|re)|iembre|embro)?",
    "d[ée][cz](?:emb(?:er|re))?|dic(?:iembre|embre)?|dez(?:embro)?",
  ].join("|")
})\.?`;

const WEEKDAY = String.raw`(?:${
  [
    "(?:mon|tue|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun",
    "(?:lun|mar|mercre|jeu|vendre|same)di|dimanche",
    "(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|sonnabend|mo|di|mi|do|fr|sa|so",
    "lunes|martes|mi[ée]rcoles|jueves|viernes|s[áa]bado|domingo",
    "lun|mar|mer|mi[ée]|jeu|jue|ven|vie|sam|s[áa]b|dim|dom",
  ].join("|")
})\.?`;

/** Separators between day, month and year. */
const GAP = String.raw`(?: ?[-/.] ?)`, WORD_GAP = String.raw`(?:[ /-]|, ?|\. ?| de )?`;

const DATE = [
  String.raw`\d{1,4}${GAP}\d{1,2}(?:${GAP}\d{0,4})?`,
  String.raw`\d{1,2}${GAP}\d{4}`,
  String.raw`\d{1,4}${WORD_GAP}${MONTH}(?:${WORD_GAP}\d{1,4})?`,
  String.raw`${MONTH}${WORD_GAP}\d{1,4}(?:${WORD_GAP}\d{2,4})?`,
  String.raw`(?:\d{2,4}年)?\d{1,2}月(?:\d{1,2}日)?`,
].join("|");

const ZONE = String.raw`(?:z|[+-]\d{2}:?\d{2})`;

const TIME = String.raw`\d{1,4}:\d{1,2}(?::\d{1,2})?(?:[.,]\d+)?(?: ?(?:[ap]m?|[ap]\.m\.|uhr))?|` +
  String.raw`\d{1,2}(?: [ap]| ?[ap]m)|\d{1,2} ?h ?(?:\d{2})?`;

const FRACTION = String.raw`\d{1,5} \d{1,5}/\d{1,5}|\d{1,5} ?/ ?\d{1,5}`;

const TRUTH = "true|false|vrai|faux|wahr|falsch|verdadero|falso|vero|waar|onwaar|verdadeiro";

const REWRITTEN = new RegExp(
  `^(?:(?:${WEEKDAY},? )?(?:${DATE})(?:(?:t|,? )(?:${TIME})${ZONE}?)?|${TIME}|${FRACTION}|${TRUTH})$`,
  "iu",
);

/** Whether a spreadsheet would run the value as a formula or rewrite it. */
export function spreadsheetChanges(value: string): boolean {
  return RUN.test(value) || isRewritten(value.trim());
}

function isRewritten(value: string): boolean {
  return FIGURE.test(value) ? !PLAIN_NUMBER.test(value) : REWRITTEN.test(value);
}

export function guard(value: string): string {
  return spreadsheetChanges(value) ? `'${value}` : value;
}

/** Whether the `'` at the beginning of a value was added to protect the value from spreadsheets. */
export function isGuarded(value: string): boolean {
  return value.startsWith("'") && spreadsheetChanges(value.slice(1));
}

export function unguarded(value: string): string {
  return isGuarded(value) ? value.slice(1) : value;
}
