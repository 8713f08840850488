/**
 * Converts text that mixes a single-byte encoding with UTF-8. A UTF-8 letter makes its record malformed, so that a name
 * is never stored as "JosÃ©".
 */
import { Buffer } from "node:buffer";

const SEQUENCES = /(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+/g;

/** The number of bytes above 0x7f to hold back at the end of a chunk. No name has a longer run of such bytes. */
const MAX_HELD_BYTES = 64;

/** A byte that never occurs in UTF-8. */
const INVALID = 0xff;

export interface ToUtf8 {
  next(bytes: Uint8Array): Uint8Array;
  end(): Uint8Array;
}

/**
 * Converts text as `plain` does, but inserts an invalid byte before each run of UTF-8 that contains letters of
 * `encoding`.
 */
export function utf8FromMixed(encoding: string, plain: ToUtf8): ToUtf8 {
  const isForeign = foreignLetters(encoding);
  let held = Buffer.alloc(0);
  const convert = (bytes: Buffer): Uint8Array => {
    const parts: Uint8Array[] = [], text = bytes.toString("latin1");
    let from = 0;
    for (const { 0: run, index } of text.matchAll(SEQUENCES)) {
      const sequence = bytes.subarray(index, index + run.length);
      if (!isForeign(sequence.toString("utf8"))) continue;
      parts.push(plain.next(bytes.subarray(from, index)), Uint8Array.of(INVALID), sequence);
      from = index + run.length;
    }
    parts.push(plain.next(bytes.subarray(from)));
    return Buffer.concat(parts);
  };
  return {
    next(chunk) {
      const bytes = Buffer.concat([held, chunk]);
      let end = bytes.length;
      while (end > 0 && bytes[end - 1] >= 0x80 && bytes.length - end < MAX_HELD_BYTES) end--;
      held = bytes.subarray(end);
      return convert(bytes.subarray(0, end));
    },
    end: () => convert(held),
  };
}

/**
 * Returns a function that tells whether a text contains letters of the encoding. Non-Latin encodings require two,
 * because their own letters can look like UTF-8: in windows-1251, the bytes of the Ukrainian "Рі" form one UTF-8
 * letter.
 */
function foreignLetters(encoding: string): (text: string) => boolean {
  const upper = new TextDecoder(encoding).decode(Uint8Array.from({ length: 0x80 }, (_, at) => 0x80 + at));
  const letters = new Set([...upper].filter((character) => /\p{L}/u.test(character)));
  const least = /(?!\p{Script=Latin})\p{L}/u.test(upper[0x43]) ? 2 : 1;
  return (text) => [...text].filter((character) => letters.has(character)).length >= least;
}
