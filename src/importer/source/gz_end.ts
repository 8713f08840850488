/** Finds the end of the last complete member of a gz file, because zlib does not report it. */
import { Buffer } from "node:buffer";
import { crc32, createInflateRaw } from "node:zlib";

export interface GzEnd {
  /** The offset of the first byte that belongs to no member. */
  at: number;
  /** The number of bytes from `offset` to the end of the file, and the leading bytes of that range. */
  length: number;
  first: Uint8Array;
}

const MAX_FIRST_BYTES = 1 << 12;

// The layout of a member (RFC 1952): the header flags, the fixed part of the header, and the checksum and length after
// the data.
const HAS_SUM = 2, HAS_EXTRA = 4, HAS_NAME = 8, HAS_COMMENT = 16;
const FIXED_BYTES = 10, SUMS_BYTES = 8;

/** Returns null if the file has no member or if the last member is incomplete. */
export async function endOfGz(packed: AsyncGenerator<Uint8Array>): Promise<GzEnd | null> {
  const source = new Source(packed);
  try {
    for (let at = 0;; at = source.offset) {
      const header = await source.take(FIXED_BYTES);
      if (header[0] === 0x1f && (header[1] === 0x8b || header.length === 1)) {
        if (!await skipMember(source, header[3])) return null;
      } else {
        return at === 0 ? null : { at, ...await source.rest(header) };
      }
    }
  } finally {
    await packed.return(undefined);
  }
}

/**
 * Reads the rest of a member after the fixed part of its header. Returns false if the member is damaged or truncated.
 */
async function skipMember(source: Source, flags: number): Promise<boolean> {
  if (flags & HAS_EXTRA) {
    const [low, high] = await source.take(2);
    await source.take(low | high << 8);
  }
  for (const flag of [HAS_NAME, HAS_COMMENT]) {
    while (flags & flag && (await source.take(1))[0] > 0);
  }
  if (flags & HAS_SUM) await source.take(2);
  const data = await skipData(source), sums = await source.take(SUMS_BYTES);
  if (data === null || sums.length < SUMS_BYTES) return false;
  const view = new DataView(sums.buffer, sums.byteOffset);
  return view.getUint32(0, true) === data.sum && view.getUint32(4, true) === data.length;
}

/** The checksum and length of the data; null if the data is damaged or truncated. */
async function skipData(source: Source): Promise<{ sum: number; length: number } | null> {
  const inflater = createInflateRaw();
  let sum = 0, length = 0;
  inflater.on("data", (chunk: Uint8Array) => {
    sum = crc32(chunk, sum);
    length = (length + chunk.length) % 2 ** 32;
  });
  const ended = new Promise<boolean>((resolve) => inflater.on("end", () => resolve(false)));
  const failed = new Promise<boolean>((resolve) => inflater.on("error", () => resolve(true)));
  try {
    for (let fed = 0;;) {
      const piece = await source.available();
      if (piece.length === 0) return null;
      const written = new Promise<boolean>((resolve) => inflater.write(piece, () => resolve(false)));
      if (await Promise.race([failed, written])) return null;
      const used = inflater.bytesWritten - fed;
      source.pass(used);
      if (used < piece.length) return await Promise.race([failed, ended]) ? null : { sum, length };
      fed += used;
    }
  } finally {
    inflater.destroy();
  }
}

class Source {
  offset = 0;
  #chunk: Uint8Array = new Uint8Array();

  constructor(private readonly chunks: AsyncGenerator<Uint8Array>) {}

  /** Returns the available bytes; the result is empty only at the end of the file. */
  async available(): Promise<Uint8Array> {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.chunks.next();
      if (done) break;
      this.#chunk = value;
    }
    return this.#chunk;
  }

  pass(length: number): void {
    this.offset += length;
    this.#chunk = this.#chunk.subarray(length);
  }

  async take(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    for (let left = length; left > 0;) {
      const part = (await this.available()).slice(0, left);
      if (part.length === 0) break;
      parts.push(part);
      this.pass(part.length);
      left -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Counts the bytes up to the end of the file, including `taken`, and returns the leading bytes. */
  async rest(taken: Uint8Array): Promise<{ length: number; first: Uint8Array }> {
    const first = Buffer.concat([taken, await this.take(MAX_FIRST_BYTES)]);
    let length = first.length;
    for (let piece = await this.available(); piece.length > 0; piece = await this.available()) {
      length += piece.length;
      this.pass(piece.length);
    }
    return { length, first };
  }
}
