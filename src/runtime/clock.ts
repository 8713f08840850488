/** Passed to everything that needs the time, so that a test can set it. */
export interface Clock {
  /** The time of day. It may jump, so it never measures a duration. */
  now(): Date;
  /** Milliseconds that only increase, for settling, delays and deadlines. */
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
