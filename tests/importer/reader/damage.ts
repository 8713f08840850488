/** Damages rosters and reads them in a thread that must report every file within a time limit. */
import type { Message, Tally } from "./damage_worker.ts";

const MOST_MS = 10_000;
/** Allows for the startup of the thread, which first loads its modules. */
const MOST_MS_TO_BEGIN = 120_000;

/**
 * Reads this many damaged files. Throws if any file crashes the reader, blocks it or loses more records than allowed.
 */
export async function readDamagedFiles(files: number, seed: number): Promise<Tally> {
  const worker = new Worker(new URL("damage_worker.ts", import.meta.url), { type: "module" });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const tally = await new Promise<Tally>((resolve, reject) => {
      const within = (what: string, ms: number) => {
        clearTimeout(timer);
        timer = setTimeout(() => reject(new Error(`${what} of seed ${seed} took more than ${ms} ms`)), ms);
      };
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }: MessageEvent<Message>) => {
        if ("ready" in data) worker.postMessage({ seed, files });
        else if ("done" in data) resolve(data.done);
        else if ("failed" in data) reject(new Error(data.failed));
        else within(`file ${data.begun}`, MOST_MS);
      };
      within("the beginning", MOST_MS_TO_BEGIN);
    });
    report(files, seed, tally);
    return tally;
  } finally {
    clearTimeout(timer);
    worker.terminate();
  }
}

function report(files: number, seed: number, tally: Tally): void {
  const { compared, kept, swallowed, outOfStep, rejected, unforeseen, slowestMs } = tally;
  console.log([
    `read ${files} damaged files (seed ${seed}), the slowest in ${Math.ceil(slowestMs)} ms; ${rejected} are rejected;`,
    `${unforeseen} have a damaged header, or are gz or UTF-16; in the other ${compared} all ${kept} records beside the`,
    `damage are kept, but for ${swallowed} between two damages and ${outOfStep} of wild rosters`,
  ].join(" "));
}
