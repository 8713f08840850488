/**
 * Python's csv module in its strict mode as a peer: one process that lives as long as the test.
 *
 * It does not tell quoted values from plain ones, does not count values, and what it refuses ends its reading.
 */
import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import type { OtherReader } from "./comparing.ts";
import type { GeneratedCsv, Peer } from "./generated_csv.ts";
import { bytesOf, type Read } from "./our_reading.ts";
import { inContract } from "./peer_reading.ts";

/** It passes over spaces before a value, and over nothing behind a closing quote. */
const PEER: Peer = { beforeQuote: [" "], behindQuote: [], tellsQuoted: false };

const PROGRAM = fileURLToPath(new URL("python_csv.py", import.meta.url));

/** Whether there is a python3 to ask. */
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

/** A running Python. */
export class Python implements OtherReader, AsyncDisposable {
  readonly name = "Python's csv module";
  readonly peer = PEER;
  readonly comparable = comparable;
  readonly #process = new Deno.Command("python3", { args: [PROGRAM], stdin: "piped", stdout: "piped" }).spawn();
  readonly #requests = this.#process.stdin.getWriter();
  readonly #answers = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();

  /** What Python makes of a file, by the contract, up to the first record that it refuses. */
  async read(file: GeneratedCsv): Promise<Read[] | number> {
    const { delimiter, blanks } = file;
    const request = JSON.stringify({ bytes: Buffer.from(bytesOf(file)).toString("base64"), delimiter, blanks });
    await this.#requests.write(new TextEncoder().encode(request + "\n"));
    const { rows, refused } = JSON.parse(await this.#answer()) as Answer;
    const records = rows.map(({ line, raw, values }) => ({
      line,
      raw,
      // Blanks are trimmed before a row is judged: one of blanks only is no record.
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

/** Python does not tell which value is to blame. */
function faultOf(refused: string): Malformed {
  if (refused === "unexpected end of data") return { kind: "quote_not_closed", value: NaN };
  if (refused.endsWith("expected after '\"'")) return { kind: "text_after_quote", value: NaN };
  throw new Error(`Python refused a file: ${refused}`);
}

/** What can be compared with Python of a reading, be it ours or Python's. */
function comparable(reads: Read[], { blanks }: GeneratedCsv): unknown[] {
  const refused = reads.findIndex((read) => "why" in read && /quote/.test(read.why.kind));
  return reads.slice(0, refused < 0 ? undefined : refused + 1).flatMap<unknown>((read, at) => {
    if ("why" in read) return at === refused ? { line: read.line, why: read.why.kind } : read;
    if (!blanks) return read;
    // Not knowing what was quoted, Python's values can only be trimmed all, so ours are too; one of blanks only is no record there.
    const values = read.values.map(trimmed);
    return values.join("") === "" ? [] : { line: read.line, values };
  });
}

function trimmed(text: string): string {
  return text.replace(/^[ \t\u00a0]+|[ \t\u00a0]+$/g, "");
}
