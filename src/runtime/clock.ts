/** Passed to everything that needs the time, so that tests can control it. */
export interface Clock {
  /** Wall-clock time. The clock may jump, so never measure durations with it. */
  now(): Date;
  /** Monotonic milliseconds, for settling, delays and deadlines. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
};

/** A time as it appears in file names: `YYYYMMDDTHHMMSSZ` (docs/upload-folder.md#bak). */
export function fileStamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, "");
}
