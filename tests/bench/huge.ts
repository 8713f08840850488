/** Measures how time and memory grow: a first import of ten times the records, once. */
import { IMPORT_CASES } from "./cases.ts";
import { importOnce } from "./import_case.ts";
import type { Measured, Program } from "./program.ts";

const TIMES = 10;
/** The allowed time, as a multiple of the smaller import's. */
const MOST = 11;

export interface HugeRow {
  program: string;
  records: number;
  seconds: number;
  /** Of the tenth. */
  tenthSeconds: number;
  most: number;
  peakMiB: number | null;
  tenthPeakMiB: number | null;
}

/** `tenth`: the measurement with a tenth of the records in the same run. */
export async function measureHuge(
  program: Program,
  records: number,
  tenth: Pick<Measured, "seconds" | "peakMiB">,
): Promise<HugeRow> {
  const [first] = IMPORT_CASES;
  const { seconds, peakMiB } = await importOnce(program, first, TIMES * records);
  return {
    program: program.name,
    records: TIMES * records,
    seconds,
    tenthSeconds: tenth.seconds,
    most: MOST,
    peakMiB,
    tenthPeakMiB: tenth.peakMiB,
  };
}
