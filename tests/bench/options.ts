/** The options of `deno task bench`. */
import { parseArgs } from "node:util";
import { IMPORT_CASES } from "./cases.ts";
import { FEEDS } from "./feeds_case.ts";
import { FIGURES } from "./figures.ts";

const RUNS = 5;

export interface Options {
  runs: number;
  records: number;
  save: boolean;
  /** Runs the sweep instead of the other measurements. */
  sweep: boolean;
  /** Whether the sweep includes the case with this title. */
  isSwept(title: string): boolean;
  /** Whether to measure the case with this name. */
  wants(name: string): boolean;
}

/** Whether to measure `/settings` during an import. */
export const LATENCY = "latency";
/** Whether to measure the reader alone. */
export const READER = "reader";
/**
 * Whether to measure ten times as many records. The measurement takes several minutes and needs about 20 GB, so a quick
 * run omits it.
 */
export const HUGE = "huge";

export function readOptions(args: readonly string[]): Options {
  const names = [...[...IMPORT_CASES, ...FIGURES].map(({ name }) => name), FEEDS.name, HUGE, LATENCY, READER];
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      sweep: { type: "boolean", default: false },
      only: { type: "string" },
      records: { type: "string", default: "1000000" },
      save: { type: "boolean", default: false },
    },
  });
  const { only, quick, save, sweep } = values, records = Number(values.records);
  if (!Number.isInteger(records) || records < 100) throw new Error("--records must be a number from 100 on");
  if (!sweep && only !== undefined && !names.includes(only)) {
    throw new Error(`--only must be one of ${names.join(", ")}`);
  }
  const wants = (name: string) => sweep ? false : only === undefined ? !(quick && name === HUGE) : name === only;
  const isSwept = (title: string) => only === undefined || title.includes(only);
  return { runs: quick ? 1 : RUNS, records, save, sweep, isSwept, wants };
}
