/**
 * The guard against spreadsheets (contract, section 4): a value that a spreadsheet would run as a formula or rewrite
 * on saving gets a leading `'` in a failed-records file, and the import takes it off again.
 *
 * What is rewritten was found by letting LibreOffice save some 450 values, in six locales, with and without its
 * "Detect special numbers"; `tests/e2e/way_back_slow.ts` does it again.
 */

/** What a spreadsheet runs: a first character that begins a formula, also full-width; LF, as which a CR is saved. */
const RUN = /^[=+\-@＝＋－＠\t\r\n]/;

/** Digits, also in groups, with decimals; what sets groups apart does not begin the decimals too. */
const DIGITS = String
  .raw`(?:\d{1,3}(?<gap>[ \u00a0\u202f.,'’])(?:\d{2,3}\k<gap>)*\d{3}(?!\k<gap>)|\d+)(?:[.,]\d*)?|[.,]\d+`;

/** A symbol of money, or letters for it, with or without a blank between it and the figure. */
const MONEY = String.raw`(?:\p{Sc}|R\$|Fr\.|CHF|EUR|USD|CAD|GBP|kr\.?)`;

/** A number of any kind: also with an exponent, money, per cent, or negative as accountants write it. */
const FIGURE = new RegExp(
  String.raw`^[+-]?\(?(?:(?:${MONEY}|%) ?-?)?(?:${DIGITS})(?:e[+-]?\d+)?(?: ?(?:${MONEY}|%))?[+-]?\)?$`,
  "iu",
);

/** The numbers that a spreadsheet saves as it found them. */
const PLAIN_NUMBER = /^(?:0|[1-9]\d{0,14})$/;

/**
 * A month in the languages of the people who open the file, in full or short: what makes "12 May" a date, and "12 Main" none.
 * A spreadsheet reads the months of its own language, and some read English ones everywhere.
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

/** What stands between day, month and year. */
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
