/**
 * `deno task bench`: the measurements, side by side with psql (see README.md beside this file).
 *
 * Options: --quick (one run instead of three), --only NAME, --records N (1,000,000), --save (writes last.json).
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { serverIsAway } from "../support/postgres.ts";
import { psqlIsFound } from "./by_hand.ts";
import { IMPORT_CASES, LATENCY, READER, rosterFile } from "./cases.ts";
import { byHandOnce, importOnce } from "./import_case.ts";
import { measureLatency } from "./latency.ts";
import { findPrograms, type Measured, type Program } from "./program.ts";
import { inQuotes, measureReaders, type ReaderRow } from "./reader.ts";
import { type ImportRow, importTable, type LatencyRow, latencyTable, readerTable } from "./tables.ts";

const SAVED = fileURLToPath(new URL("./last.json", import.meta.url));
const RUNS = 3;

interface Options {
  runs: number;
  only: string | null;
  records: number;
  save: boolean;
}

function readOptions(): Options {
  const names = [...IMPORT_CASES.map(({ name }) => name), LATENCY, READER];
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      quick: { type: "boolean" },
      only: { type: "string" },
      records: { type: "string", default: "1000000" },
      save: { type: "boolean" },
    },
  });
  const records = Number(values.records);
  if (!Number.isInteger(records) || records < 100) throw new Error("--records must be a number from 100 on");
  if (values.only !== undefined && !names.includes(values.only)) {
    throw new Error(`--only must be one of ${names.join(", ")}`);
  }
  return { runs: values.quick ? 1 : RUNS, only: values.only ?? null, records, save: values.save ?? false };
}

function optionsOrExit(): Options {
  try {
    return readOptions();
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    Deno.exit(64);
  }
}

/** The run with the median time; memory is the most of all runs. */
async function median(runs: number, what: string, once: () => Promise<Measured>): Promise<Measured> {
  const results: Measured[] = [];
  for (let run = 1; run <= runs; run++) {
    const result = await once();
    console.error(`${what}, run ${run} of ${runs}: ${result.seconds.toFixed(2)} s`);
    results.push(result);
  }
  results.sort((a, b) => a.seconds - b.seconds);
  const peaks = results.map(({ peakMiB }) => peakMiB).filter((peak) => peak !== null);
  return { ...results[Math.floor(results.length / 2)], peakMiB: peaks.length === 0 ? null : Math.max(...peaks) };
}

async function measureImports({ runs, only, records }: Options, programs: Program[]): Promise<ImportRow[]> {
  const rows: ImportRow[] = [];
  const withPsql = await psqlIsFound();
  if (!withPsql) console.error("psql is not found: nothing to compare with");
  for (const wanted of IMPORT_CASES.filter(({ name }) => only === null || name === only)) {
    const byHand = withPsql
      ? await median(runs, `${wanted.name} by hand`, () => byHandOnce(programs[0], wanted, records))
      : null;
    for (const program of programs) {
      const own = await median(runs, `${wanted.name} ${program.name}`, () => importOnce(program, wanted, records));
      rows.push({
        title: wanted.title,
        program: program.name,
        seconds: own.seconds,
        byHandSeconds: byHand?.seconds ?? null,
        peakMiB: own.peakMiB,
      });
    }
  }
  return rows;
}

async function measureLatencies({ only, records }: Options, programs: Program[]): Promise<LatencyRow[]> {
  if (only !== null && only !== LATENCY) return [];
  const rows: LatencyRow[] = [];
  for (const program of programs) rows.push({ program: program.name, ...await measureLatency(program, records) });
  return rows;
}

/** Some readers hold the whole text in memory, so the roster is not the largest. */
const MOST_READ = 300_000;

async function measureReading({ only, runs, records }: Options): Promise<ReaderRow[]> {
  if (only !== null && only !== READER) return [];
  const roster = await Deno.readFile(await rosterFile({ records: Math.min(records, MOST_READ) }));
  return await measureReaders(new Map([["plain values", roster], ["all values quoted", inQuotes(roster)]]), runs);
}

async function main(): Promise<void> {
  const options = optionsOrExit();
  const reading = await measureReading(options);
  if (reading.length > 0) console.log(readerTable(reading));
  if (options.only === READER) return;
  const away = await serverIsAway();
  if (away !== null) throw new Error(away);
  const programs = await findPrograms();
  const imports = await measureImports(options, programs);
  const latency = await measureLatencies(options, programs);
  console.log(`${options.records} records, ${options.runs} run(s), Deno ${Deno.version.deno}`);
  if (imports.length > 0) console.log(importTable(imports));
  if (latency.length > 0) console.log(latencyTable(latency));
  if (!options.save) return;
  const { records, runs } = options;
  await Deno.writeTextFile(SAVED, JSON.stringify({ records, runs, reading, imports, latency }, null, 2) + "\n");
}

await main();
