/** Computes the median of several runs, so that a disturbed run does not affect the result. */

/** The run with the median `figure`; its `peakMiB` is the maximum of all runs. */
export async function median<T extends { peakMiB: number | null }>(
  runs: number,
  what: string,
  figure: (result: T) => number,
  once: () => Promise<T>,
): Promise<T> {
  const results: T[] = [];
  for (let run = 1; run <= runs; run++) {
    const result = await once();
    console.error(`${what}, run ${run} of ${runs}: ${figure(result).toPrecision(3)}`);
    results.push(result);
  }
  results.sort((a, b) => figure(a) - figure(b));
  const peaks = results.map(({ peakMiB }) => peakMiB).filter((peak) => peak !== null);
  return { ...results[Math.floor(results.length / 2)], peakMiB: peaks.length === 0 ? null : Math.max(...peaks) };
}
