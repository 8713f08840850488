/**
 * When a file has settled (contract, section 1, "settled"): its size, times and inode stayed the same over two looks
 * that lie far enough apart by rosterd's own clock. The file server's clock is only compared with itself.
 *
 * Pure apart from what it remembers between looks; `scan.ts` asks it.
 */
import type { BigIntStats } from "node:fs";

/** What must stay the same. Deno gives mtime in milliseconds and ctime in seconds. */
export interface Fingerprint {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** A file as the looks saw it since it last changed. */
export interface Observation {
  readonly fingerprint: Fingerprint;
  /** `Clock.elapsed()` of the first look that saw it like this. */
  readonly since: number;
  /** Whether its last line is closed; null until somebody has read its end. */
  lineEnd: boolean | null;
  /** Whether the latest look found that it may be taken. */
  ready: boolean;
}

/** A file whose last line is open waits so many times as long. */
const OPEN_END_FACTOR = 10;

export function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Fingerprint {
  return { dev, ino, size, mtimeNs, ctimeNs };
}

/** As the ports tell it: mtime in milliseconds since 1970, size in bytes. */
export function ageAndSize({ mtimeNs, size }: Fingerprint): { mtime: number; size: number } {
  return { mtime: Number(mtimeNs / 1_000_000n), size: Number(size) };
}

/** Whether a file is still the one of the print, with the same content; ctime is left out, since a rename changes it. */
export function sameFile(a: Fingerprint, b: Fingerprint): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

/** Whether a sight is old enough. `settleSeconds` 0: one look is enough. */
export function isSettled(sight: Observation, settleSeconds: number, now: number): boolean {
  const factor = sight.lineEnd === false ? OPEN_END_FACTOR : 1;
  return now - sight.since >= settleSeconds * 1_000 * factor;
}

/** What earlier looks saw. */
export class SettleTracker {
  readonly #observations = new Map<string, Observation>();

  /** Notes how a file looks now, and returns since when it has looked like this. */
  observe(name: string, print: Fingerprint, now: number): Observation {
    const before = this.#observations.get(name);
    if (before && before.fingerprint.ctimeNs === print.ctimeNs && sameFile(before.fingerprint, print)) return before;
    const sight = { fingerprint: print, since: now, lineEnd: null, ready: false };
    this.#observations.set(name, sight);
    return sight;
  }

  get(name: string): Observation | undefined {
    return this.#observations.get(name);
  }

  /** Begins anew with a file. */
  forget(name: string): void {
    this.#observations.delete(name);
  }

  /** Forgets the files that are no longer there. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#observations.keys()) if (!names.has(name)) this.#observations.delete(name);
  }
}
