/** Decodes UTF-16 and keeps lone surrogates, which TextDecoder would silently replace with U+FFFD. */
import { Buffer } from "node:buffer";
import { Ending } from "./text_end.ts";

export class Utf16Reader {
  readonly #bigEndian: boolean;
  /** The first byte of a code unit that the next chunk completes; empty or one byte. */
  #oddByte = Buffer.alloc(0);
  /** The first surrogate of a pair that the next chunk completes; empty or one code unit. */
  #half = "";

  constructor(encoding: "utf-16le" | "utf-16be") {
    this.#bigEndian = encoding === "utf-16be";
  }

  /** The text up to the last complete character of `chunk`, including lone surrogates. */
  text(chunk: Uint8Array): string {
    const bytes = Buffer.concat([this.#oddByte, chunk]);
    const units = bytes.subarray(0, bytes.length & ~1);
    this.#oddByte = bytes.subarray(units.length);
    if (this.#bigEndian) units.swap16();
    const text = this.#half + units.toString("utf16le");
    const whole = endsWithHalf(text) ? text.length - 1 : text.length;
    this.#half = text.slice(whole);
    return text.slice(0, whole);
  }

  /** The incomplete end of the text: one surrogate of a pair, or half a code unit. */
  end(): { text: string; oddByte: number | null } {
    return { text: this.#half, oddByte: this.#oddByte[0] ?? null };
  }
}

function endsWithHalf(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}

/** The counterpart of `Utf8Survey` for a file with a UTF-16 byte order mark. */
export class Utf16Survey {
  illFormed = false;
  /**
   * Whether the file ends in the middle of a code unit. A final byte that is an end mark does not count (see
   * `#isEndMark`).
   */
  oddLength = false;
  nuls = 0;

  readonly #reader: Utf16Reader;
  readonly #ending = new Ending();

  constructor(private readonly encoding: "utf-16le" | "utf-16be") {
    this.#reader = new Utf16Reader(encoding);
  }

  add(chunk: Uint8Array): void {
    this.#survey(this.#reader.text(chunk));
  }

  /** Call this method after the last chunk. */
  end(): void {
    const { text, oddByte } = this.#reader.end();
    this.#survey(text);
    this.oddLength = oddByte !== null && !this.#isEndMark(oddByte);
  }

  /** The length of the text in bytes, without end marks and padding. */
  get textEnd(): number {
    return 2 * this.#ending.textEnd;
  }

  /** In big-endian text, NUL is the first byte of many characters, so NUL does not count as an end mark. */
  #isEndMark(byte: number): boolean {
    return byte === 0x0a || byte === 0x0d || byte === 0x1a || (byte === 0 && this.encoding === "utf-16le");
  }

  #survey(text: string): void {
    if (text === "") return;
    for (let at = text.indexOf("\0"); at >= 0; at = text.indexOf("\0", at + 1)) this.nuls++;
    this.#ending.add(text.length, (at) => text.charCodeAt(at));
    this.illFormed ||= !text.isWellFormed();
  }
}
