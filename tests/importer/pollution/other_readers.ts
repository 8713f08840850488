/**
 * Determines how another reader would handle a polluted roster. The rows are written as plain CSV and checked by
 * rosterd, so that only the reader differs.
 */
import { fileURLToPath } from "node:url";
import { CsvError, type Options, parse } from "csv-parse/sync";
import Papa from "papaparse";
import { type Outcome, outcomeOf } from "./outcome.ts";

/** A row from a reader; `isRefused` is true if the reader reported a problem. */
interface Row {
  values: readonly string[];
  isRefused: boolean;
}

export interface OtherReader {
  name: string;
  outcomeOf(text: string): Promise<Outcome>;
}

/** Treats missing values as empty and drops surplus ones, as a reader that returns dictionaries would. */
async function judged(rows: readonly Row[]): Promise<Outcome> {
  const filled = rows.filter(({ values }) => values.some((value) => value !== ""));
  if (filled.length === 0) return { rejected: "empty" };
  const width = filled[0].values.length;
  const write = ({ values }: Row) =>
    Array.from({ length: width }, (_, at) => `"${(values[at] ?? "").replaceAll('"', '""')}"`).join(",");
  const refused = filled.filter(({ isRefused }, at) => at > 0 && isRefused);
  const outcome = await outcomeOf(
    filled.filter((row) => !refused.includes(row)).map((row) => write(row) + "\r\n").join(""),
  );
  if (outcome.rejected !== null) return outcome;
  return { ...outcome, failures: [...outcome.failures, ...refused.map(({ values }) => values.join(" "))] };
}

function csvParse(name: string, options: Options): OtherReader {
  return {
    name,
    async outcomeOf(text) {
      let rows: string[][];
      try {
        rows = parse(text, options) as unknown as string[][];
      } catch (error) {
        if (error instanceof CsvError) return { rejected: error.code };
        throw error;
      }
      return await judged(rows.map((values) => ({ values, isRefused: false })));
    },
  };
}

const PAPAPARSE: OtherReader = {
  name: "papaparse",
  async outcomeOf(text) {
    // When given a header, papaparse reports records with too few or too many values. An empty file has no header.
    const { data, errors, meta } = Papa.parse<Record<string, string | string[]>>(text, { header: true });
    const refused = new Set(errors.map(({ row }) => row));
    const names = meta.fields ?? [];
    const rows = data.map((record, at) => ({
      values: [...names.map((name) => record[name] as string ?? ""), ...record["__parsed_extra"] ?? []],
      isRefused: refused.has(at),
    }));
    return await judged([{ values: names, isRefused: false }, ...rows]);
  },
};

/** A running Python process. */
export class Python implements OtherReader, AsyncDisposable {
  readonly name = "Python's csv";
  readonly #process = new Deno.Command("python3", {
    args: [fileURLToPath(new URL("python_rows.py", import.meta.url))],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  readonly #texts = this.#process.stdin.getWriter();
  readonly #answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();

  async outcomeOf(text: string): Promise<Outcome> {
    await this.#texts.write(new TextEncoder().encode(JSON.stringify(text) + "\n"));
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await this.#answers.read();
      if (done) throw new Error("Python ended");
      line += value;
    }
    const { rows, refused } = JSON.parse(line) as { rows?: string[][]; refused?: string };
    if (rows === undefined) return { rejected: refused! };
    return await judged(rows.map((values) => ({ values, isRefused: false })));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#texts.close();
    await this.#answers.cancel();
    await this.#process.status;
  }
}

export const OTHER_READERS: readonly OtherReader[] = [
  csvParse("csv-parse", {}),
  csvParse("csv-parse, relaxed", { relax_quotes: true, relax_column_count: true, skip_empty_lines: true }),
  PAPAPARSE,
];
