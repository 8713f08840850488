/**
 * Unpacks a gz file: several members are one file, the limits hold while it streams, and what zlib complains about becomes a reason
 * to reject the file. Used by `source.ts`.
 */
import { reject } from "../../domain/outcome.ts";
import { hasCode } from "../../runtime/errors.ts";
import { lineAt } from "./line_at.ts";
import { inflate, TrailingGarbage } from "./gunzip_stream.ts";

/** How far a gz file may unpack (contract, section 2, "Limits"). */
export interface GzLimits {
  /** Unpacked bytes for each byte of the file. */
  ratio: number;
  /** Up to so many unpacked bytes any ratio is fine: a short roster of equal lines is no bomb. */
  anyRatioUpTo: number;
  /** Unpacked bytes in all. */
  bytes: number;
}

export const GZ_LIMITS: GzLimits = { ratio: 100, anyRatioUpTo: 10 * 1024 ** 2, bytes: 20 * 1024 ** 3 };

export const GZ_MAGIC: readonly number[] = [0x1f, 0x8b];

/** For a file that is named .gz and is not. An empty file and the first byte of a gz have better verdicts than that. */
export function rejectNotGz(head: Uint8Array): void {
  if (head.length === 0) return;
  if (head.length === 1 && head[0] === GZ_MAGIC[0]) rejectCutOff(1);
  reject("gz_damaged", "this file is named .gz but is not gzipped: upload it without .gz in its name, or gzip it");
}

/**
 * Unpacks what `packed` reads, each time from the beginning of a file of `size` bytes. Throws `RejectedFile`: `cut_off`,
 * `gz_damaged`, `gz_ratio`, `gz_too_long`.
 */
export async function* unpackedGz(
  packed: () => AsyncGenerator<Uint8Array>,
  size: number,
  limits: GzLimits,
): AsyncGenerator<Uint8Array> {
  const mostByRatio = Math.max(limits.anyRatioUpTo, limits.ratio * size);
  let bytes = 0;
  try {
    for await (const chunk of inflate(packed())) {
      bytes += chunk.length;
      if (bytes > limits.bytes) rejectTooLong(limits);
      if (bytes > mostByRatio) rejectRatio(limits);
      yield chunk;
    }
  } catch (error) {
    if (hasCode(error, ENDS_EARLY)) rejectCutOff(await lineAt(() => untilTheCut(packed)));
    if (hasCode(error, "Z_DATA_ERROR") || error instanceof TrailingGarbage) {
      reject("gz_damaged", "this gz file is damaged: gzip it again and upload it");
    }
    throw error;
  }
}

const ENDS_EARLY = "Z_BUF_ERROR";

/** What can be unpacked of a gz file that ends early. */
async function* untilTheCut(packed: () => AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield* inflate(packed());
  } catch (error) {
    if (!hasCode(error, ENDS_EARLY)) throw error;
  }
}

function rejectCutOff(line: number): never {
  reject("cut_off", `looks cut off at line ${line}: the gz file ends early, upload it again`, line);
}

function rejectTooLong({ bytes }: GzLimits): never {
  const most = new Intl.NumberFormat("en").format(bytes / 1024 ** 3);
  reject("gz_too_long", `this gz file unpacks to more than ${most} GiB: split it into several files`);
}

function rejectRatio({ ratio }: GzLimits): never {
  reject("gz_ratio", `this gz file unpacks to more than ${ratio} times its size: upload it without gzip`);
}
