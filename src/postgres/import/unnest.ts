/** Sends records, as one array per column, to the embedded database, whose socket does not support COPY. */
import { Batch } from "../../importer/csv/batch.ts";
import type { FoundProblems } from "../../importer/checks/check.ts";
import type { Header } from "../../importer/checks/header.ts";
import type { IsWanted } from "../../importer/ports.ts";
import type { Tx } from "../connection/connect.ts";

const STATEMENT_ROWS = 2_000;

/** Inserts rows into `staged`: line, problems, and the columns in the order of `header.present`. */
export class UnnestRows {
  readonly #statement: string;
  readonly #positions: readonly number[];
  #lines: number[] = [];
  #problems: (string | null)[] = [];
  #columns: (string | null)[][];

  constructor(private readonly tx: Tx, header: Header) {
    const names = header.present.map(({ column }) => column.databaseName);
    const arrays = names.map((_, at) => `$${at + 3}::text[]`);
    this.#statement = `insert into staged (line, problems, ${names.join(", ")})
      select * from unnest($1::bigint[], $2::text[], ${arrays.join(", ")})`;
    this.#positions = header.present.map(({ positions }) => positions[0]);
    this.#columns = this.#positions.map(() => []);
  }

  async write(batch: Batch, problems: FoundProblems, isWanted: IsWanted): Promise<void> {
    for (let record = 0; record < batch.count; record++) {
      if (!isWanted(batch, record)) continue;
      const found = problems.get(record);
      this.#lines.push(batch.line[record]);
      this.#problems.push(found === undefined ? null : JSON.stringify(found));
      this.#positions.forEach((position, column) => this.#columns[column].push(staged(batch, record, position)));
      if (this.#lines.length === STATEMENT_ROWS) await this.#send();
    }
  }

  async endCopy(): Promise<void> {}

  async end(): Promise<void> {
    if (this.#lines.length > 0) await this.#send();
  }

  async #send(): Promise<void> {
    await this.tx.unsafe(this.#statement, [this.#lines, this.#problems, ...this.#columns]);
    this.#lines = [];
    this.#problems = [];
    this.#columns = this.#positions.map(() => []);
  }
}

function staged(batch: Batch, record: number, position: number): string | null {
  const { firstValue, start, end, flags } = batch;
  const value = firstValue[record] + position;
  if (value >= firstValue[record + 1]) return null;
  if (flags[value] & Batch.CLEARS) return "";
  return start[value] === end[value] ? null : batch.text(value);
}
