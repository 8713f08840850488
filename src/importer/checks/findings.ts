/**
 * Collects the columns and values of a roster that fail the checks, and counts the occurrences of each value. Creates
 * warnings that name the setting to change; `questions.ts` creates questions from the same data.
 */
import { type Column, columnPosition } from "../../domain/columns.ts";
import { reject, type Warning } from "../../domain/outcome.ts";
import { type DateFormat, mayHaveDefault } from "../../domain/setting_values.ts";
import { counted, grouped } from "../../runtime/grouped.ts";
import { DATE_FORMS, dayNumber, isRealDay } from "./date_forms.ts";
import { cut, shown } from "./rule.ts";

/**
 * Kinds of columns whose failing values can be fixed by a setting. Values of other columns are private and are not
 * collected.
 */
const FIXABLE: ReadonlySet<Column["kind"]> = new Set(["flag", "region", "login_source", "user_type"]);

/** The maximum number of distinct values counted per column. Additional values only increase the number of failures. */
const MAX_VALUES = 50;

/** The maximum length of a value in a value map. */
const MAX_LETTERS = 1_000;

/** The maximum number and length of dates whose formats are cached. */
const MAX_DATES = 20_000, MAX_DATE_LETTERS = 20;

function formatsOf(text: string): DateFormat[] {
  const all = Object.entries(DATE_FORMS).filter(([, { read }]) => {
    const date = read(text);
    return date !== null && isRealDay(dayNumber(date));
  });
  return all.map(([format]) => format as DateFormat);
}

export class ColumnFindings {
  /** Three counts of records: with a value, with a failure (including a missing value), and without a value. */
  values = 0;
  failed = 0;
  missing = 0;
  /** Maps each failed value to the number of records with this value. */
  readonly counts = new Map<string, number>();
  /** Maps each date format to the number of failed values that match it. */
  readonly forms = new Map<DateFormat, number>();

  /** Caches the formats of failed dates, because many users share a birth date. */
  readonly #formatsOf = new Map<string, DateFormat[]>();

  constructor(readonly column: Column) {}

  addFailed(text: string): void {
    this.failed++;
    if (text === "") this.missing++;
    else if (this.column.kind === "date") this.#addForms(text);
    else if (!FIXABLE.has(this.column.kind) || text.length > MAX_LETTERS) return;
    else if (this.counts.has(text) || this.counts.size < MAX_VALUES) {
      this.counts.set(text, (this.counts.get(text) ?? 0) + 1);
    }
  }

  #addForms(text: string): void {
    const formats = this.#formatsOf.get(text) ?? formatsOf(text);
    if (this.#formatsOf.size < MAX_DATES && text.length <= MAX_DATE_LETTERS) this.#formatsOf.set(text, formats);
    for (const format of formats) this.forms.set(format, (this.forms.get(format) ?? 0) + 1);
  }

  /**
   * The date format of most failed values, if more than half of the column's values have that format; several formats
   * in case of a tie. The values of `skipped` records count as valid.
   */
  likelyForms(skipped: number): { formats: DateFormat[]; count: number } | null {
    const count = Math.max(0, ...this.forms.values());
    if (2 * count <= this.values + skipped) return null;
    return { formats: [...this.forms].filter(([, one]) => one === count).map(([format]) => format), count };
  }
}

export class Findings {
  /** The headers of the file; empty if the headers could not be read. */
  headers: readonly string[] = [];
  /** The number of records skipped because they are unchanged. */
  skipped = 0;
  readonly #columns = new Map<string, ColumnFindings>();
  #damaged = 0;
  #firstDamage = "";

  column(column: Column): ColumnFindings {
    const found = this.#columns.get(column.name) ?? new ColumnFindings(column);
    this.#columns.set(column.name, found);
    return found;
  }

  /** Columns with failures, in column order. */
  get failing(): ColumnFindings[] {
    return [...this.#columns.values()].filter(({ failed }) => failed > 0)
      .sort((a, b) => columnPosition(a.column.name) - columnPosition(b.column.name));
  }

  /** Counts records with a damaged value. `example` is the reason for the first such record. */
  addDamaged(count: number, example: string): void {
    if (this.#damaged === 0) this.#firstDamage = example;
    this.#damaged += count;
  }

  /** Throws `RejectedFile` if more than half of the records have a damaged value. */
  rejectDamaged(records: number): void {
    if (2 * this.#damaged <= records) return;
    reject(
      "spreadsheet_damage",
      `${grouped(this.#damaged)} of ${grouped(records)} records have a damaged value: export the roster again, and ` +
        `upload it without opening it in a spreadsheet. In the first damaged record, ${this.#firstDamage}`,
    );
  }

  /** Warns about each column in which more than half of the records fail, naming the setting to change. */
  warnings(records: number): Warning[] {
    return this.failing.map((found) =>
      found.column.kind === "date" ? datesWarning(found, this.skipped) : valuesWarning(found, records)
    ).filter((warning) => warning !== null);
  }
}

function datesWarning(found: ColumnFindings, skipped: number): Warning | null {
  const likely = found.likelyForms(skipped);
  if (likely === null) return null;
  const { formats, count } = likely;
  const what = counted(count, "date looks", "dates look");
  return { code: "date_format", text: `${what} like ${formats.join(" or ")}: set date_format` };
}

function valuesWarning({ column: { name }, failed, missing, counts }: ColumnFindings, records: number): Warning | null {
  const needsDefault = missing > 0 && mayHaveDefault(name);
  if (2 * failed <= records || (counts.size === 0 && !needsDefault)) return null;
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5)
    .map(([value, count]) => `${shown(value)} (${grouped(count)})`);
  const what = [...most, ...(missing > 0 ? [`no value (${grouped(missing)})`] : [])].join(", ");
  const keys = [...(counts.size > 0 ? [`value_maps.${name}`] : []), ...(needsDefault ? [`defaults.${name}`] : [])];
  const text = `${grouped(failed)} of ${grouped(records)} records fail on ${name}: ${what}. Set ${keys.join(" and ")}`;
  return { code: "values_fail", text: cut(text, 1_000) };
}
