/** A clock, passed to all code that needs the time, so that tests can control it. */
export interface Clock {
  /** Wall-clock time. The clock may jump, so it cannot measure durations. */
  now(): Date;
  /** Monotonic time in milliseconds, for delays, deadlines and the age of files. */
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
