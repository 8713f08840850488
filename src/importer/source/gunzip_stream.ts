/**
 * Unpacks gz as a stream, through zlib, with as little held in memory as the consumer lets wait. Used by `gunzip.ts`,
 * which knows the limits and what zlib's errors mean for an upload.
 *
 * zlib is fed by hand: its own iterator drops, at an error, what it had unpacked before, and it passes over in
 * silence whatever follows a zero behind the last member.
 */
import { createGunzip } from "node:zlib";

/** One byte unpacks to 1,032 at most, so what waits for the consumer stays below 17 MiB. */
const FED_AT_ONCE = 16 * 1024;
const UNPACKED_CHUNK = 64 * 1024;

/** Something that is neither gz nor padding follows the padding of a gz. */
export class TrailingGarbage extends Error {
  override readonly name = "TrailingGarbage";
}

/**
 * All members of a gz stream as one; zeros after the last are padding. Throws zlib's errors, after everything that
 * could be unpacked before them when the stream just ends (`Z_BUF_ERROR`), and {@link TrailingGarbage}.
 */
export async function* inflate(packed: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const inflater = new Inflater();
  try {
    for await (const chunk of packed) {
      for (const piece of pieces(chunk)) {
        await inflater.feed(piece);
        yield* inflater.take();
      }
    }
    await inflater.finish();
    yield* inflater.take();
  } finally {
    inflater.close();
  }
}

/** Short pieces, each of which either ends with a byte that is not zero, or is all zeros. */
function* pieces(chunk: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < chunk.length; at += FED_AT_ONCE) {
    const piece = chunk.subarray(at, at + FED_AT_ONCE);
    const zerosFrom = piece.findLastIndex((byte) => byte !== 0) + 1;
    if (zerosFrom > 0) yield piece.subarray(0, zerosFrom);
    if (zerosFrom < piece.length) yield piece.subarray(zerosFrom);
  }
}

class Inflater {
  readonly #gunzip = createGunzip({ chunkSize: UNPACKED_CHUNK });
  readonly #ready: Uint8Array[] = [];
  #error: Error | null = null;
  #wake = () => {};

  constructor() {
    this.#gunzip
      .on("data", (chunk: Uint8Array) => this.#ready.push(chunk))
      .on("error", (error) => this.#fail(error))
      .on("end", () => this.#wake());
  }

  /** Zlib ends the stream at a zero behind a member: then only zeros may follow. */
  async feed(piece: Uint8Array): Promise<void> {
    if (!this.#gunzip.readableEnded) await this.#step((done) => this.#gunzip.write(piece, done));
    if (this.#gunzip.readableEnded && piece.at(-1) !== 0) throw new TrailingGarbage("something follows the gz");
  }

  async finish(): Promise<void> {
    if (!this.#gunzip.readableEnded) await this.#step(() => this.#gunzip.end());
  }

  /** What was unpacked since the last call. */
  take(): Uint8Array[] {
    return this.#ready.splice(0);
  }

  close(): void {
    this.#gunzip.destroy();
  }

  /** Waits until `act` is done, or the stream has ended or failed; zlib tells of a failure before or after `done`. */
  async #step(act: (done: (error?: Error | null) => void) => void): Promise<void> {
    if (this.#error === null) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
        act((error) => error ? this.#fail(error) : wake());
      });
    }
    if (this.#error !== null) throw this.#error;
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }
}
