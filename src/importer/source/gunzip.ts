/** Unpacks a gz file of one or more members, enforces the limits, and turns zlib errors into rejections. */
import { counted, grouped } from "../../runtime/grouped.ts";
import { reject } from "../../domain/outcome.ts";
import { hasCode } from "../../runtime/errors.ts";
import { lineAt } from "./line_at.ts";
import { endOfGz } from "./gz_end.ts";
import { inflate, TRAILING_GARBAGE } from "./gunzip_stream.ts";
import { shown } from "../checks/rule.ts";

/** The maximum unpacked size (docs/file-format.md#limits). */
export interface GzLimits {
  /** The maximum number of unpacked bytes per byte of the file. */
  ratio: number;
  /**
   * Up to this number of unpacked bytes, any ratio is allowed, because a short roster of identical lines is not a zip
   * bomb.
   */
  anyRatioUpTo: number;
  bytes: number;
}

export const GZ_LIMITS: GzLimits = { ratio: 100, anyRatioUpTo: 10 * 1024 ** 2, bytes: 20 * 1024 ** 3 };

export const GZ_MAGIC: readonly number[] = [0x1f, 0x8b];

/**
 * Rejects a file that is named .gz but is not gzipped. An empty file is rejected later, with a more specific reason.
 */
export function rejectNotGz(head: Uint8Array): void {
  if (head.length === 0) return;
  if (head.length === 1 && head[0] === GZ_MAGIC[0]) rejectCutOff(1);
  reject("gz_damaged", "this file is named .gz but is not gzipped: upload it without .gz in its name, or gzip it");
}

/** Each call reads the packed bytes from the beginning. */
type Packed = () => AsyncGenerator<Uint8Array>;

/**
 * Unpacks a file of `size` bytes. `onRead` receives each packed byte once. Throws `RejectedFile`: `cut_off`,
 * `gz_damaged`, `gz_ratio`, `gz_too_long`, `gz_trailing`.
 */
export async function* unpackedGz(
  packed: Packed,
  size: number,
  limits: GzLimits,
  onRead: (chunk: Uint8Array) => void = () => {},
): AsyncGenerator<Uint8Array> {
  const mostByRatio = Math.max(limits.anyRatioUpTo, limits.ratio * size);
  let bytes = 0, watchedTo = 0;
  const weighed = (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > limits.bytes) {
      const most = grouped(limits.bytes / 1024 ** 3);
      reject("gz_too_long", `this gz file unpacks to more than ${most} GiB: split it into several files`);
    }
    if (bytes > mostByRatio) {
      reject("gz_ratio", `this gz file unpacks to more than ${limits.ratio} times its size: upload it without gzip`);
    }
    return chunk;
  };
  try {
    const watched = watch(packed(), 0, (chunk) => {
      watchedTo += chunk.length;
      onRead(chunk);
    });
    for await (const chunk of inflate(watched)) yield weighed(chunk);
  } catch (error) {
    if (!isOfGz(error)) throw error;
    // If only ignorable bytes follow the gz data, unpacks the data again up to its end and yields the part that is
    // still missing.
    const end = await endBefore(packed, error);
    const again = inflate(upTo(end, watch(packed(), watchedTo, onRead)));
    for await (const rest of after(bytes, again)) yield weighed(rest);
  }
}

async function* watch(
  chunks: AsyncGenerator<Uint8Array>,
  from: number,
  onRead: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of chunks) {
    const unwatched = chunk.subarray(Math.max(0, from - at));
    if (unwatched.length > 0) onRead(unwatched);
    at += chunk.length;
    yield chunk;
  }
}

/** Yields the bytes before `end`. Reads the rest too, so that `onRead` receives all bytes. */
async function* upTo(end: number, chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of chunks) {
    if (at < end) yield chunk.subarray(0, end - at);
    at += chunk.length;
  }
}

async function* after(bytes: number, unpacked: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let left = bytes;
  try {
    for await (const chunk of unpacked) {
      const rest = chunk.subarray(left);
      left -= chunk.length - rest.length;
      if (rest.length > 0) yield rest;
    }
  } catch (error) {
    if (isOfGz(error)) rejectDamaged();
    throw error;
  }
}

function isOfGz(error: unknown): boolean {
  return hasCode(error, ENDS_EARLY, "Z_DATA_ERROR", TRAILING_GARBAGE);
}

/** Ignorable bytes: line endings, blanks, the DOS end-of-file mark, and NULs. */
// deno-lint-ignore no-control-regex
const NOTHING = /^[\s\x1a\0]*$/;

/**
 * Returns the end of the gz data if only ignorable bytes follow; zlib itself does not accept such bytes. Otherwise
 * throws `RejectedFile`.
 */
async function endBefore(packed: Packed, error: unknown): Promise<number> {
  const end = await endOfGz(packed());
  if (end !== null && end.length > 0) {
    const text = new TextDecoder("latin1").decode(end.first);
    if (NOTHING.test(text) && end.first.length === end.length) return end.at;
    const bytes = counted(end.length, "byte follows", "bytes follow");
    reject("gz_trailing", `${bytes} the end of the gz data, beginning with ${shown(text)}: gzip the roster again`);
  }
  if (hasCode(error, ENDS_EARLY)) rejectCutOff(await lineAt(() => untilTheCut(packed)));
  rejectDamaged();
}

function rejectDamaged(): never {
  reject("gz_damaged", "this gz file is damaged: gzip the roster again and upload it");
}

const ENDS_EARLY = "Z_BUF_ERROR";

/** Yields all bytes that can be unpacked from a truncated gz file. */
async function* untilTheCut(packed: Packed): AsyncGenerator<Uint8Array> {
  try {
    yield* inflate(packed());
  } catch (error) {
    if (!hasCode(error, ENDS_EARLY)) throw error;
  }
}

function rejectCutOff(line: number): never {
  reject("cut_off", `the gz file looks cut off at line ${line}: upload it again`, line);
}
