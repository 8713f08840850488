/**
 * Counts valid UTF-8 sequences, invalid bytes and NULs. This code reads every byte of every file, so it scans ASCII
 * text four bytes at a time.
 */
import { Ending } from "./text_end.ts";

const HIGH_BITS = 0x80808080 | 0;
const ONES = 0x01010101;

const NO_WORDS = new Int32Array(0);

/** Accepts strict UTF-8 (RFC 3629). A sequence may span chunks. */
export class Utf8Survey {
  validSequences = 0;
  invalidBytes = 0;
  nuls = 0;

  readonly #ending = new Ending();
  /** The incomplete sequence: its bytes, the number of missing bytes, and the bounds of the next byte. */
  #held = 0;
  #needed = 0;
  #lowest = 0x80;
  #highest = 0xbf;

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    const words = wordsOf(chunk);
    let at = 0;
    while (at < chunk.length) {
      if (this.#needed > 0) {
        if (this.#continues(chunk[at])) at++;
      } else if ((at = plainUntil(chunk, words, at)) < chunk.length) {
        this.#begin(chunk[at]);
        at++;
      }
    }
    this.#ending.add(chunk.length, (at) => chunk[at]);
  }

  /** The length of the text in bytes, without end marks and padding. */
  get textEnd(): number {
    return this.#ending.textEnd;
  }

  /** Call this method after the last chunk. A sequence that is still incomplete is invalid. */
  end(): void {
    this.#giveUp();
  }

  #begin(byte: number): void {
    if (byte === 0) {
      this.nuls++;
      return;
    }
    if (byte < 0xc2 || byte > 0xf4) {
      this.invalidBytes++;
      return;
    }
    this.#held = 1;
    this.#needed = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    // The bounds exclude overlong forms, surrogates, and code points above U+10FFFF.
    this.#lowest = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#highest = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
  }

  /** Returns false if `byte` does not continue the incomplete sequence. */
  #continues(byte: number): boolean {
    if (byte < this.#lowest || byte > this.#highest) {
      this.#giveUp();
      return false;
    }
    this.#lowest = 0x80;
    this.#highest = 0xbf;
    this.#held++;
    if (--this.#needed === 0) {
      this.#held = 0;
      this.validSequences++;
    }
    return true;
  }

  #giveUp(): void {
    this.invalidBytes += this.#held;
    this.#held = 0;
    this.#needed = 0;
  }
}

/** The aligned words of a chunk; `first` is the offset of the first word. */
interface Words {
  first: number;
  values: Int32Array;
}

function wordsOf({ buffer, byteOffset, length }: Uint8Array): Words {
  const first = -byteOffset & 3;
  return {
    first,
    values: length < first + 4 ? NO_WORDS : new Int32Array(buffer, byteOffset + first, (length - first) >> 2),
  };
}

/**
 * The offset of the first byte at or after `from` that is NUL or not ASCII, or the length of the chunk if all are
 * ASCII.
 */
function plainUntil(chunk: Uint8Array, { first, values }: Words, from: number): number {
  let at = from;
  while (at < chunk.length && isPlain(chunk[at])) {
    at++;
    if (at < first || ((at - first) & 3) !== 0) continue;
    let word = (at - first) >> 2;
    while (word < values.length && isPlainWord(values[word])) word++;
    at = first + word * 4;
  }
  return at;
}

function isPlain(byte: number): boolean {
  return byte > 0 && byte < 0x80;
}

/** Subtracting one from each byte sets the high bit of the first NUL. */
function isPlainWord(word: number): boolean {
  return ((word | (word - ONES)) & HIGH_BITS) === 0;
}
