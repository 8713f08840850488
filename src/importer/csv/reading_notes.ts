/** What is read in another way than it stands in the roster: counted while the records are read, told as warnings afterwards. */
import type { Warning } from "../../domain/outcome.ts";

export class ReadingNotes {
  /** Lines that are no person: the header again, lines of dashes. */
  #skipped = 0;
  #firstSkipped = 0;
  /** Records that lack empty values at their end. */
  #short = 0;
  #firstShort = 0;

  skip(line: number): void {
    this.#firstSkipped = this.#skipped++ === 0 ? line : Math.min(line, this.#firstSkipped);
  }

  addShort(line: number): void {
    if (this.#short++ === 0) this.#firstShort = line;
  }

  /** How many lines count as skipped records. */
  get skipped(): number {
    return this.#skipped;
  }

  get warnings(): Warning[] {
    const warnings: Warning[] = [];
    if (this.#short > 0) {
      const text =
        `${counted(this.#short, "record")} had fewer values than the header, first on line ${this.#firstShort}: ` +
        "the missing ones at the end count as empty, because all records around are as short";
      warnings.push({ code: "short_records", text });
    }
    if (this.#skipped > 0) {
      const text = `${counted(this.#skipped, "line")} without a person, first line ${this.#firstSkipped}, ` +
        `${this.#skipped === 1 ? "was" : "were"} skipped: the header again, or only dashes`;
      warnings.push({ code: "skipped_lines", text });
    }
    return warnings;
  }
}

function counted(count: number, noun: string): string {
  return `${new Intl.NumberFormat("en").format(count)} ${noun}${count === 1 ? "" : "s"}`;
}
