/** Measures how time and memory grow for a single first import of ten times as many records. */
import { IMPORT_CASES } from "./cases.ts";
import { importOnce } from "./import_case.ts";
import type { Measured, Program } from "./program.ts";

const TIMES = 10;
/** The allowed time as a multiple of the time of the smaller import. */
const MOST = 11;

export interface HugeRow {
  program: string;
  records: number;
  seconds: number;
  /** The time of the import with a tenth of the records. */
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
