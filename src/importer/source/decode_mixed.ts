/**
 * Text in a single-byte encoding of which a part is UTF-8, as after somebody has put two rosters together. "José" would become
 * "JosÃ©" in silence: a letter that was written in UTF-8 makes its record one that cannot be read.
 */
import { Buffer } from "node:buffer";

const SEQUENCES = /(?:[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3})+/g;

/** High bytes at the end of a chunk wait for the next one; so many belong to no name. */
const MAX_HELD_BYTES = 64;

/** A byte that UTF-8 never has. */
const INVALID = 0xff;

/** Turns the bytes of one encoding into UTF-8. */
export interface ToUtf8 {
  next(bytes: Uint8Array): Uint8Array;
  /** What was held back for a chunk that did not come. */
  end(): Uint8Array;
}

/** Reads as `plain` does, but for letters of the encoding that are written in UTF-8: before them stands an invalid byte. */
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
 * Whether a text is made of letters that the encoding has, too. Two are needed where the encoding's own letters can look so: in
 * windows-1251 the Ukrainian "Рі" is one letter of UTF-8.
 */
function foreignLetters(encoding: string): (text: string) => boolean {
  const upper = new TextDecoder(encoding).decode(Uint8Array.from({ length: 0x80 }, (_, at) => 0x80 + at));
  const letters = new Set([...upper].filter((character) => /\p{L}/u.test(character)));
  const least = /(?!\p{Script=Latin})\p{L}/u.test(upper[0x43]) ? 2 : 1;
  return (text) => [...text].filter((character) => letters.has(character)).length >= least;
}
