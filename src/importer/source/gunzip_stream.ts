/**
 * Unpacks gz as a stream through zlib, in bounded memory.
 *
 * zlib's own iterator is unsuitable: after an error, it drops bytes that have already been unpacked; it also silently
 * ignores all bytes after a zero byte that follows the last member.
 */
import { createGunzip } from "node:zlib";
import { errorWithCode } from "../../runtime/errors.ts";

/**
 * The size of one piece of input. One byte unpacks to at most 1,032 bytes, so less than 17 MiB is buffered for the
 * consumer.
 */
const FED_AT_ONCE = 16 * 1024;
const UNPACKED_CHUNK = 64 * 1024;

/** The error code for bytes after the gz data that are neither gz nor padding. */
export const TRAILING_GARBAGE = "TRAILING_GARBAGE";

/**
 * Unpacks all members of a gz stream as one. Zeros after the last member are padding. Throws zlib's errors and {@link
 * TRAILING_GARBAGE}. If the stream is truncated, yields all bytes that can be unpacked, then throws `Z_BUF_ERROR`.
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

/** Splits a chunk into short pieces that end with a non-zero byte or are all zeros. */
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

  /** zlib ends the stream at a zero byte after a member. After this zero byte, only zeros may follow. */
  async feed(piece: Uint8Array): Promise<void> {
    if (!this.#gunzip.readableEnded) await this.#step((done) => this.#gunzip.write(piece, done));
    if (this.#gunzip.readableEnded && piece.at(-1) !== 0) {
      throw errorWithCode(TRAILING_GARBAGE, "data follows the gzip data");
    }
  }

  async finish(): Promise<void> {
    if (!this.#gunzip.readableEnded) await this.#step(() => this.#gunzip.end());
  }

  take(): Uint8Array[] {
    return this.#ready.splice(0);
  }

  close(): void {
    this.#gunzip.destroy();
  }

  /**
   * Waits until `act` is done or the stream has ended or failed; zlib may report a failure before or after calling
   * `done`.
   */
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
