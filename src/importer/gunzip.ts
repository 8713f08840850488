/**
 * The bytes of a roster as they were before gzip: the first step of every reading of a file.
 *
 * Content decides, not the name: whatever begins like gz is unpacked, several members are one file, and the limits of
 * the contract (section 2) hold while it streams. It knows nothing of text. Used by `examine.ts` and `decode.ts`.
 */
import { reject } from "../domain/outcome.ts";
import { hasCode } from "../runtime/errors.ts";
import { beginsWith, firstBytes } from "./examine_head.ts";
import { lineAt } from "./examine_lines.ts";
import { inflated, TrailingGarbage } from "./gunzip_stream.ts";
import type { RosterFile } from "./ports.ts";

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

export interface UnpackOptions {
  /** Sees every chunk as it stands on disk, before it is unpacked. */
  onRead?: (chunk: Uint8Array) => void;
  limits?: GzLimits;
}

/** In two halves: one is read while the other is worked on. */
const ROOM = 512 * 1024;
const MAGIC: readonly number[] = [0x1f, 0x8b];

/**
 * The bytes of the file, unpacked when they are gz, in chunks of at most 256 KiB. The chunks of a plain file are
 * those of {@link RosterFile.read}. Throws `RejectedFile`: `cut_off`, `gz_damaged`, `gz_ratio`, `gz_too_long`.
 */
export async function* unpacked(file: RosterFile, options: UnpackOptions = {}): AsyncGenerator<Uint8Array> {
  const head = await firstBytes(file.read(), MAGIC.length);
  if (beginsWith(head, MAGIC)) {
    yield* unpackedGz(file, options);
  } else {
    if (/\.gz$/i.test(file.name)) rejectNotGz(head);
    yield* watched(file, options.onRead);
  }
}

async function* watched(file: RosterFile, onRead?: (chunk: Uint8Array) => void): AsyncGenerator<Uint8Array> {
  for await (const chunk of file.read(new Uint8Array(ROOM))) {
    onRead?.(chunk);
    yield chunk;
  }
}

/** An empty file and the first byte of a gz have better verdicts than "not gz". */
function rejectNotGz(head: Uint8Array): void {
  if (head.length === 0) return;
  if (head.length === 1 && head[0] === MAGIC[0]) rejectCutOff(1);
  reject("gz_damaged", "this file is named .gz but is not gzipped: upload it without .gz in its name, or gzip it");
}

async function* unpackedGz(
  file: RosterFile,
  { onRead, limits = GZ_LIMITS }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  const mostByRatio = Math.max(limits.anyRatioUpTo, limits.ratio * file.size);
  let bytes = 0;
  try {
    for await (const chunk of inflated(watched(file, onRead))) {
      bytes += chunk.length;
      if (bytes > limits.bytes) rejectTooLong(limits);
      if (bytes > mostByRatio) rejectRatio(limits);
      yield chunk;
    }
  } catch (error) {
    if (hasCode(error, ENDS_EARLY)) rejectCutOff(await lineAt(() => untilTheCut(file)));
    if (hasCode(error, "Z_DATA_ERROR") || error instanceof TrailingGarbage) {
      reject("gz_damaged", "this gz file is damaged: gzip it again and upload it");
    }
    throw error;
  }
}

const ENDS_EARLY = "Z_BUF_ERROR";

/** What can be unpacked of a gz file that ends early. */
async function* untilTheCut(file: RosterFile): AsyncGenerator<Uint8Array> {
  try {
    yield* inflated(file.read());
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
