/**
 * The rule for each kind of column (docs/file-format.md#columns). A rule gets only non-empty values. For a valid value,
 * a rule returns null; otherwise, it explains the problem and the correction.
 */
import { grouped } from "../../runtime/grouped.ts";
import { ALWAYS_REQUIRED, type Column, INVISIBLE } from "../../domain/columns.ts";
import type { ProblemCode } from "../../domain/outcome.ts";
import type { Settings } from "../../domain/settings.ts";
import { Batch } from "../csv/batch.ts";
import { damageRule } from "./damage.ts";
import { DATE_FORMS, dayNumber, isRealDay } from "./date_forms.ts";
import { both, notValid, type Rule, type RuleViolation, shown } from "./rule.ts";

/** Creates the rule for a column. The rule first checks for the clear token and for damaged values. */
export function createRule(column: Column, settings: Settings, today: string): Rule {
  const plain = ruleOfKind(column, settings, today);
  const rule = settings.detect_spreadsheet_damage ? both(damageRule(column), plain) : plain;
  const token = new TextEncoder().encode(settings.clear_token);
  if (token.length === 0) return rule;
  const clear = clearRule(column, settings);
  return (batch, value) => isClearToken(token, batch, value) ? clear(batch, value) : rule(batch, value);
}

function isClearToken(token: Uint8Array, { bytes, start, end }: Batch, value: number): boolean {
  const from = start[value];
  if (bytes[from] !== token[0] || end[value] - from !== token.length) return false;
  return token.every((byte, at) => bytes[from + at] === byte);
}

function clearRule({ name, kind }: Column, { required_columns, clear_token }: Settings): Rule {
  if (ALWAYS_REQUIRED.includes(name) || required_columns.includes(name)) {
    return () => ({ code: "9031", reason: `${name} is required: enter a value instead of ${shown(clear_token)}` });
  }
  if (kind === "flag") {
    return () => ({ code: "9033", reason: `${name} must be 0 or 1: it cannot be cleared with ${shown(clear_token)}` });
  }
  return (batch, value) => {
    batch.flags[value] |= Batch.CLEARS;
    return null;
  };
}

const TWO_LETTERS = "must be two letters, such as ON";

function ruleOfKind(column: Column, settings: Settings, today: string): Rule {
  const { name } = column;
  const inLength = lengthRule(column);
  switch (column.kind) {
    case "text":
      return inLength;
    case "unique_id":
      return both(
        inLength,
        textRule((text) =>
          INVISIBLE.test(text) ? invisibleCharacter(name, text) : TOTAL.test(text) ? totalLine(name, text) : null
        ),
      );
    case "login_source":
      return both(inLength, listRule(name, settings.login_sources, "9015"));
    case "user_type":
      return both(inLength, listRule(name, settings.user_types, "9033"));
    case "email":
      return both(
        inLength,
        textRule((text) => isEmail(text) ? null : notValid(name, text, "must look like name@example.com")),
      );
    case "region":
      return both(inLength, regionRule(name));
    case "date":
      return dateRule(name, settings, today);
    case "flag":
      return flagRule(name);
  }
}

function textRule(check: (text: string) => RuleViolation | null): Rule {
  return (batch, value) => check(batch.text(value));
}

/** Counts code points. A value never has more code points than bytes, so short values need not be decoded. */
function lengthRule({ name, longest, kind }: Column): Rule {
  return (batch, value) => {
    if (batch.end[value] - batch.start[value] <= longest) return null;
    const text = batch.text(value);
    const length = [...text].length;
    if (length <= longest) return null;
    const why = kind === "region" ? TWO_LETTERS : `has ${grouped(length)} characters: shorten it to at most ${longest}`;
    return { code: "9030", reason: `${name} ${shown(text)} ${why}` };
  };
}

function invisibleCharacter(column: string, text: string): RuleViolation {
  const [character] = INVISIBLE.exec(text)!;
  const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
  return notValid(column, text, `has the invisible character U+${code}: type the value again`);
}

/** The last line of a report, such as "Total", "Sum: 20" or "(20 rows affected)". No user has an id of this form. */
const TOTAL = new RegExp(
  String.raw`^\(?(?:(?:grand |sub)?(?:total|sum)|summe|gesamt|anzahl|somme|suma)s?[ :=]*[\d.,' ]*\)?$|` +
    String.raw`^\(?\d+ (?:rows?|records?|lines?|users?|students?|zeilen|datens[aä]tze|lignes|filas|registros)\b`,
  "i",
);

function totalLine(column: string, text: string): RuleViolation {
  return notValid(column, text, "looks like a total, not a person: remove this record");
}

/**
 * A single address: one `@`; no blanks, brackets or separators; a domain of at least two labels. Letters of any script
 * are allowed.
 */
const EMAIL = (() => {
  const local = String.raw`[^\s@,;:<>()[\]\\"\p{C}.]+`;
  const label = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}\p{M}-]*[\p{L}\p{N}\p{M}])?`;
  return new RegExp(String.raw`^${local}(?:\.${local})*@${label}(?:\.${label})+$`, "u");
})();

/** Matches most addresses, much faster than {@link EMAIL}. */
const PLAIN_EMAIL = /^\w+(?:[.+-]\w+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\.[A-Za-z0-9]+$/;

function isEmail(text: string): boolean {
  return PLAIN_EMAIL.test(text) || EMAIL.test(text);
}

function listRule(column: string, list: readonly string[], code: ProblemCode): Rule {
  if (list.length === 0) return () => null;
  const accepted = new Set(list);
  const some = (list.length > 1 ? "one of " : "") + list.slice(0, 10).map(shown).join(", ") +
    (list.length > 10 ? ", …" : "");
  return textRule((text) => accepted.has(text) ? null : { code, reason: `${column} ${shown(text)} must be ${some}` });
}

/** The rule for regions: two letters, which are converted to upper case. */
function regionRule(column: string): Rule {
  const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return (batch, value) => {
    const { bytes, start, end } = batch;
    const first = start[value];
    if (end[value] - first !== 2 || !isLetter(bytes[first]) || !isLetter(bytes[first + 1])) {
      return notValid(column, batch.text(value), TWO_LETTERS);
    }
    bytes[first] &= 0xdf;
    bytes[first + 1] &= 0xdf;
    return null;
  };
}

const HYPHEN = 0x2d;

/**
 * The maximum number of dates to cache: more than the number of days in 50 years. The cache is useful because many
 * users share a birth date.
 */
const MAX_DATES = 20_000;

/** Rewrites a date from `date_format` to YYYY-MM-DD. */
function dateRule(column: string, { date_format }: Settings, today: string): Rule {
  const latest = dayNumber(today);
  const form = date_format === "YYYY-MM-DD" ? null : DATE_FORMS[date_format];
  const example = `must look like ${form === null ? "" : `${form.example} or `}1999-12-31`;
  const encoder = new TextEncoder();
  const read = new Map<string, Uint8Array>();
  return (batch, value) => {
    const invalid = (why: string) => notValid(column, batch.text(value), why);
    if (!hasIsoForm(batch, value)) {
      const text = batch.text(value);
      const date = read.get(text) ?? readDate(text);
      if (typeof date === "string") return invalid(date);
      if (read.size < MAX_DATES) read.set(text, date);
      batch.replace(value, date, 0);
      return null;
    }
    const { bytes } = batch, from = batch.start[value];
    const year = digits(bytes, from, 4), month = digits(bytes, from + 5, 2), day = digits(bytes, from + 8, 2);
    const violation = Number.isNaN(year + month + day) ? example : dayViolation(year * 10_000 + month * 100 + day);
    return violation === null ? null : invalid(violation);
  };

  /** Returns the bytes of the date as YYYY-MM-DD, or the reason why the date is wrong. */
  function readDate(text: string): Uint8Array | string {
    const date = form?.read(text) ?? null;
    return date === null ? example : dayViolation(dayNumber(date)) ?? encoder.encode(date);
  }

  /** `day` is a number of the form YYYYMMDD. */
  function dayViolation(day: number): string | null {
    if (!isRealDay(day)) return "is not a real date: check the day and the month";
    return day > latest ? "is in the future: check the year" : null;
  }
}

function hasIsoForm({ bytes, start, end }: Batch, value: number): boolean {
  const from = start[value];
  return end[value] - from === 10 && bytes[from + 4] === HYPHEN && bytes[from + 7] === HYPHEN;
}

/** Returns NaN if a byte is not a digit. */
function digits(bytes: Uint8Array, from: number, count: number): number {
  let number = 0;
  for (let at = from; at < from + count; at++) {
    const digit = bytes[at] - 0x30;
    number = digit >= 0 && digit <= 9 ? number * 10 + digit : NaN;
  }
  return number;
}

function flagRule(column: string): Rule {
  return (batch, value) => {
    const byte = batch.bytes[batch.start[value]];
    const valid = batch.end[value] - batch.start[value] === 1 && (byte === 0x30 || byte === 0x31);
    return valid ? null : notValid(column, batch.text(value), "must be 0 or 1");
  };
}
