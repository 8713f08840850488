/**
 * Finds where the text of a file ends (docs/file-format.md#end-marks): before the DOS end-of-file mark (0x1A), the NULs
 * that pad the last block, and any line endings and blanks between them.
 */

const NUL = 0x00, SUB = 0x1a;

const isEnding = new Uint8Array(256);
for (const byte of [NUL, SUB, 0x09, 0x0a, 0x0d, 0x20]) isEnding[byte] = 1;

/** The maximum length of padding. Longer padding was allocated for a part of an upload that never arrived. */
export const MAX_PADDING_BYTES = 1 << 16;

/** Finds the end in bytes or UTF-16 code units that arrive in chunks of any size. */
export class Ending {
  #before = 0;
  /** The offset of the first end mark, or -1. */
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

  get textEnd(): number {
    return this.#markAt < 0 ? this.#before : this.#markAt;
  }
}

/** Yields UTF-8 text without the end marks, in non-empty chunks. */
export async function* withoutEnding(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [], heldBytes = 0;
  for await (const chunk of chunks) {
    let from = chunk.length;
    while (from > 0 && isEnding[chunk[from - 1]] === 1) from--;
    // Bytes that were held back are part of the text if more text follows or if they exceed the maximum padding.
    if (from > 0 || heldBytes > MAX_PADDING_BYTES) {
      yield* held;
      held = [];
      heldBytes = 0;
    }
    let markAt = heldBytes > 0 ? 0 : from;
    while (markAt < chunk.length && heldBytes === 0 && chunk[markAt] !== NUL && chunk[markAt] !== SUB) markAt++;
    if (markAt < chunk.length) {
      // The bytes are copied, because a chunk is valid only until the next one is requested.
      held.push(chunk.slice(markAt));
      heldBytes += chunk.length - markAt;
    }
    if (markAt > 0) yield chunk.subarray(0, markAt);
  }
}
