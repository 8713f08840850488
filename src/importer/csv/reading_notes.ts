/** Counts skipped lines and short records while a roster is read and turns the counts into warnings. */
import { grouped } from "../../runtime/grouped.ts";
import type { Warning } from "../../domain/outcome.ts";

export class ReadingNotes {
  /** The number of repeated headers and lines of dashes. */
  #skipped = 0;
  #firstSkipped = 0;
  /** The number of records without their trailing empty values. */
  #short = 0;
  #firstShort = 0;

  skip(line: number): void {
    this.#firstSkipped = this.#skipped++ === 0 ? line : Math.min(line, this.#firstSkipped);
  }

  addShort(line: number): void {
    if (this.#short++ === 0) this.#firstShort = line;
  }

  /** The number of skipped lines, which count as skipped records. */
  get skipped(): number {
    return this.#skipped;
  }

  get warnings(): Warning[] {
    const warnings: Warning[] = [];
    if (this.#short > 0) {
      const what = this.#short === 1
        ? `the record on line ${this.#firstShort} has fewer values than the header`
        : `${grouped(this.#short)} records have fewer values than the header, the first on line ${this.#firstShort}`;
      const text = `${what}: the missing values count as empty, because all nearby records are equally short`;
      warnings.push({ code: "short_records", text });
    }
    if (this.#skipped > 0) {
      const text = this.#skipped === 1
        ? `line ${this.#firstSkipped} was skipped: it repeats the header or has only dashes`
        : `${grouped(this.#skipped)} lines were skipped, the first on line ${this.#firstSkipped}: ` +
          "they repeat the header or have only dashes";
      warnings.push({ code: "skipped_lines", text });
    }
    return warnings;
  }
}
