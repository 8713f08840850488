/** Decides when a file has settled (docs/upload-folder.md#settling). Does not rely on the file server's clock. */
import type { BigIntStats } from "node:fs";

/**
 * The properties of a file that must stay the same while the file settles. Deno rounds mtime to milliseconds and ctime
 * to seconds.
 */
export interface Fingerprint {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}

/** What the scans have found about a file since its last change. */
export interface Observation {
  readonly fingerprint: Fingerprint;
  /** The time of the first scan with this fingerprint, from `Clock.elapsed()`. */
  readonly since: number;
  /** Whether the file ends with a line ending; null until the end of the file is read. */
  lineEnd: boolean | null;
  ready: boolean;
}

/** The factor by which the wait is longer for a file that does not end with a line ending. */
const OPEN_END_FACTOR = 10;

export function fingerprintOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): Fingerprint {
  return { dev, ino, size, mtimeNs, ctimeNs };
}

/** Returns the mtime in milliseconds since 1970 and the size in bytes. */
export function mtimeAndSize({ mtimeNs, size }: Fingerprint): { mtime: number; size: number } {
  return { mtime: Number(mtimeNs / 1_000_000n), size: Number(size) };
}

/** Ignores ctime, because a rename changes it. */
export function sameFile(a: Fingerprint, b: Fingerprint): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

export function isSettled(observation: Observation, settleSeconds: number, now: number): boolean {
  const factor = observation.lineEnd === false ? OPEN_END_FACTOR : 1;
  return now - observation.since >= settleSeconds * 1_000 * factor;
}

export class SettleTracker {
  readonly #observations = new Map<string, Observation>();

  /** Returns the existing observation, or a new one if the file is new or has changed. */
  observe(name: string, fingerprint: Fingerprint, now: number): Observation {
    const before = this.#observations.get(name);
    if (before?.fingerprint.ctimeNs === fingerprint.ctimeNs && sameFile(before.fingerprint, fingerprint)) return before;
    const observation = { fingerprint, since: now, lineEnd: null, ready: false };
    this.#observations.set(name, observation);
    return observation;
  }

  get(name: string): Observation | undefined {
    return this.#observations.get(name);
  }

  forget(name: string): void {
    this.#observations.delete(name);
  }

  keepOnly(names: ReadonlySet<string>): void {
    for (const name of this.#observations.keys()) if (!names.has(name)) this.#observations.delete(name);
  }
}
