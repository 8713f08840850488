/**
 * Compares rosterd's reader with Python's csv module in strict mode, using one process for the whole test. Python does
 * not distinguish quoted values from plain ones, does not count values, and stops at the first record that it refuses.
 */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import type { OtherReader } from "./comparing.ts";
import type { GeneratedCsv, Peer } from "./generated_csv.ts";
import { bytesOf, type Read } from "./our_reading.ts";
import { inContract } from "./peer_reading.ts";

/** Python skips spaces before a value, but not after a closing quote. */
const PEER: Peer = { beforeQuote: [" "], behindQuote: [], tellsQuoted: false };

const PROGRAM = fileURLToPath(new URL("python_csv.py", import.meta.url));

/** Whether python3 is installed. */
export async function hasPython(): Promise<boolean> {
  try {
    return (await new Deno.Command("python3", { args: ["--version"], stdout: "null", stderr: "null" }).output())
      .success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

interface Answer {
  rows: { line: number; raw: string; values: string[] | null }[];
  refused: string | null;
}

/** A running Python process. */
export class Python implements OtherReader, AsyncDisposable {
  readonly name = "Python's csv module";
  readonly peer = PEER;
  readonly comparable = comparable;
  readonly #process = new Deno.Command("python3", { args: [PROGRAM], stdin: "piped", stdout: "piped" }).spawn();
  readonly #requests = this.#process.stdin.getWriter();
  readonly #answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();

  /** A file as Python reads it, converted to rosterd's rules, up to the first record that Python refuses. */
  async read(file: GeneratedCsv): Promise<Read[] | number> {
    const { delimiter, blanks } = file;
    const request = JSON.stringify({ bytes: Buffer.from(bytesOf(file)).toString("base64"), delimiter, blanks });
    await this.#requests.write(new TextEncoder().encode(request + "\n"));
    const { rows, refused } = JSON.parse(await this.#answer()) as Answer;
    const records = rows.map(({ line, raw, values }) => ({
      line,
      raw,
      // Blanks are trimmed before a row is judged. A row that contains only blanks is not a record.
      values: values?.map((text) => ({ text: blanks ? trimmed(text) : text, quoted: null })) ?? [],
      fault: values === null ? faultOf(refused!) : null,
    }));
    return inContract(records, delimiter);
  }

  async #answer(): Promise<string> {
    let line = "";
    while (!line.endsWith("\n")) {
      const { value, done } = await this.#answers.read();
      if (done) throw new Error("Python ended");
      line += value;
    }
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#requests.close();
    await this.#answers.cancel();
    await this.#process.status;
  }
}

/** Python does not report which value is wrong. */
function faultOf(refused: string): Malformed {
  if (refused === "unexpected end of data") return { kind: "quote_not_closed", value: NaN };
  if (refused.endsWith("expected after '\"'")) return { kind: "text_after_quote", value: NaN };
  throw new Error(`Python refused a file: ${refused}`);
}

/** The comparable part of a result, from rosterd's reader or from Python. */
function comparable(reads: Read[], { blanks }: GeneratedCsv): unknown[] {
  const refused = reads.findIndex((read) => "why" in read && /quote/.test(read.why.kind));
  return reads.slice(0, refused < 0 ? undefined : refused + 1).flatMap<unknown>((read, at) => {
    if ("why" in read) return at === refused ? { line: read.line, why: read.why.kind } : read;
    if (!blanks) return read;
    // Python does not report which values were quoted, so all values from Python must be trimmed. The values from
    // rosterd's reader are trimmed too, and a row that contains only blanks is not a record.
    const values = read.values.map(trimmed);
    return values.join("") === "" ? [] : { line: read.line, values };
  });
}

function trimmed(text: string): string {
  return text.replace(/^[ \t\u00a0]+|[ \t\u00a0]+$/g, "");
}
