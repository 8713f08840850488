/**
 * Where the text of a file ends: the end mark of DOS (0x1A) and NULs that fill the last block belong to no record, nor does what
 * stands between and behind them, line ends and blanks.
 */

const NUL = 0x00, SUB = 0x1a;

/** What an ending is made of: marks, line ends and blanks. */
const isEnding = new Uint8Array(256);
for (const byte of [NUL, SUB, 0x09, 0x0a, 0x0d, 0x20]) isEnding[byte] = 1;

/** More NULs after the text than any block has: the room for the rest of an upload that did not come. */
export const MAX_PADDING_BYTES = 1 << 16;

/** Looks for the end in units, be they bytes or UTF-16, that come in chunks of any size. */
export class Ending {
  #before = 0;
  /** Where the first mark of the ending stands, or -1. */
  #markAt = -1;

  add(length: number, unitAt: (at: number) => number): void {
    let from = length;
    while (from > 0 && isEnding[unitAt(from - 1)] === 1) from--;
    if (from > 0) this.#markAt = -1;
    for (let at = from; at < length && this.#markAt < 0; at++) {
      if (unitAt(at) === NUL || unitAt(at) === SUB) this.#markAt = this.#before + at;
    }
    this.#before += length;
  }

  /** How many units of text there are. */
  get textEnd(): number {
    return this.#markAt < 0 ? this.#before : this.#markAt;
  }
}

/** UTF-8 text without its ending. Chunks are never empty. */
export async function* withoutEnding(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [], heldBytes = 0;
  for await (const chunk of chunks) {
    let from = chunk.length;
    while (from > 0 && isEnding[chunk[from - 1]] === 1) from--;
    // What was held back is no ending where text follows, nor where it is longer than any padding.
    if (from > 0 || heldBytes > MAX_PADDING_BYTES) {
      yield* held;
      held = [];
      heldBytes = 0;
    }
    let markAt = heldBytes > 0 ? 0 : from;
    while (markAt < chunk.length && heldBytes === 0 && chunk[markAt] !== NUL && chunk[markAt] !== SUB) markAt++;
    if (markAt < chunk.length) {
      // The chunk is valid until the next one only.
      held.push(chunk.slice(markAt));
      heldBytes += chunk.length - markAt;
    }
    if (markAt > 0) yield chunk.subarray(0, markAt);
  }
}
