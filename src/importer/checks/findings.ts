/**
 * Collects what a roster's values suggest about its settings: the columns that fail, the failing values, and how often
 * each occurs. Turns them into warnings that name the setting to change;
 * `questions.ts` asks about them.
 */
import { type Column, columnPosition } from "../../domain/columns.ts";
import { reject, type Warning } from "../../domain/outcome.ts";
import { type DateFormat, mayHaveDefault } from "../../domain/settings.ts";
import { grouped } from "../../runtime/grouped.ts";
import { DATE_FORMS } from "./date_forms.ts";
import { cut, shown } from "./rule.ts";

/** The kinds of column whose failing values a setting can fix. Other values are private, and are not collected. */
const CURABLE: ReadonlySet<Column["kind"]> = new Set(["flag", "region", "login_source", "user_type"]);

/** Limits the distinct values counted per column. Any others only add to the number of failures. */
const MAX_VALUES = 50;

/** A value map has no longer values. */
const MAX_LETTERS = 1_000;

export class ColumnFindings {
  /** The number of records with a value, with a failed or missing value, and with a missing value. */
  values = 0;
  failed = 0;
  missing = 0;
  /** Failed value → number of records that have it. */
  readonly counts = new Map<string, number>();
  /** Date format → number of failed values that fit it. */
  readonly forms = new Map<DateFormat, number>();

  constructor(readonly column: Column) {}

  addFailed(text: string): void {
    this.failed++;
    if (text === "") this.missing++;
    else if (this.column.kind === "date") this.#addForms(text);
    else if (!CURABLE.has(this.column.kind) || text.length > MAX_LETTERS) return;
    else if (this.counts.has(text) || this.counts.size < MAX_VALUES) {
      this.counts.set(text, (this.counts.get(text) ?? 0) + 1);
    }
  }

  #addForms(text: string): void {
    for (const [format, { read }] of Object.entries(DATE_FORMS)) {
      if (!isDay(read(text))) continue;
      this.forms.set(format as DateFormat, (this.forms.get(format as DateFormat) ?? 0) + 1);
    }
  }

  /**
   * The date format that fits more than half of the column's values, although they failed. Several if they fit equally
   * well. The values of `skipped` records count as valid.
   */
  likelyForms(skipped: number): { formats: DateFormat[]; count: number } | null {
    const count = Math.max(0, ...this.forms.values());
    if (2 * count <= this.values + skipped) return null;
    return { formats: [...this.forms].filter(([, one]) => one === count).map(([format]) => format), count };
  }
}

function isDay(date: string | null): boolean {
  return date !== null && new Date(`${date}T00:00:00Z`).toJSON()?.slice(0, 10) === date;
}

export class Findings {
  /** The headers of the file; empty if they were not read. */
  headers: readonly string[] = [];
  /** Records that were skipped as unchanged. */
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

  /** Counts records with a damaged value. `example` is the reason of the first one. */
  addDamaged(count: number, example: string): void {
    if (this.#damaged === 0) this.#firstDamage = example;
    this.#damaged += count;
  }

  /** Throws `RejectedFile` if more than half of the records have a damaged value. */
  rejectDamaged(records: number): void {
    if (2 * this.#damaged <= records) return;
    reject(
      "spreadsheet_damage",
      `${grouped(this.#damaged)} of ${grouped(records)} records have a damaged value, such as ${this.#firstDamage}: ` +
        "export the roster again, and upload it without opening it in a spreadsheet",
    );
  }

  /** Names the setting to change for each column on which more than half of the records fail. */
  warnings(records: number): Warning[] {
    return this.failing.flatMap((found) => {
      const text = found.column.kind === "date" ? datesWarning(found, this.skipped) : valuesWarning(found, records);
      return text === null ? [] : [{ code: found.column.kind === "date" ? "date_format" : "values_fail", text }];
    });
  }
}

function datesWarning(found: ColumnFindings, skipped: number): string | null {
  const likely = found.likelyForms(skipped);
  if (likely === null) return null;
  const { formats, count } = likely;
  return `${grouped(count)} ${count === 1 ? "date looks" : "dates look"} like ${formats.join(" or ")}: set date_format`;
}

function valuesWarning({ column: { name }, failed, missing, counts }: ColumnFindings, records: number): string | null {
  const needsDefault = missing > 0 && mayHaveDefault(name);
  if (2 * failed <= records || (counts.size === 0 && !needsDefault)) return null;
  const most = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5)
    .map(([value, count]) => `${shown(value)} (${grouped(count)})`);
  const what = [...most, ...(missing > 0 ? [`no value (${grouped(missing)})`] : [])].join(", ");
  const keys = [...(counts.size > 0 ? [`value_maps.${name}`] : []), ...(needsDefault ? [`defaults.${name}`] : [])];
  return cut(
    `${grouped(failed)} of ${grouped(records)} records fail on ${name}: ${what}. Set ${keys.join(" and ")}`,
    1_000,
  );
}
