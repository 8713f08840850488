/** The one clock. Everything that needs the time gets it passed in, so that a test can set it. */
export interface Clock {
  /** The time of day. May jump; never used to measure. */
  now(): Date;
  /** Milliseconds that only grow: for settling, pauses and deadlines. */
  elapsed(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
};

/** A time as file names bear it: `YYYYMMDDTHHMMSSZ` (contract, section 1, "afterwards"). */
export function fileStamp(time: Date): string {
  return time.toISOString().replace(/[-:]|\.\d+/g, "");
}
