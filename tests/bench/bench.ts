/**
 * `deno task bench`: measures rosterd and psql (see README.md in this folder). Options: --quick (one run instead of
 * five and no huge file), --only NAME, --records N (1,000,000), --save (writes last.json), --sweep (rosters of
 * different shapes instead of the other cases).
 */
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { psqlIsFound } from "./by_hand.ts";
import { IMPORT_CASES, type ImportCase } from "./cases.ts";
import { FEEDS, feedsByHandOnce, feedsOnce } from "./feeds_case.ts";
import { FIGURES } from "./figures.ts";
import { rosterFile } from "./files.ts";
import { type HugeRow, measureHuge } from "./huge.ts";
import { byHandOnce, importOnce } from "./import_case.ts";
import { measureLatency } from "./latency.ts";
import { median } from "./median.ts";
import { HUGE, LATENCY, type Options, READER, readOptions } from "./options.ts";
import { pgloaderIsFound, pgloaderOnce } from "./pgloader.ts";
import { SWEEP_CASES } from "./sweep.ts";
import { findPrograms, type Measured, type Program } from "./program.ts";
import { inQuotes, measureReaders, type ReaderRow } from "./reader.ts";
import {
  type FigureRow,
  figureTable,
  hugeTable,
  type ImportRow,
  importTable,
  type LatencyRow,
  latencyTable,
  readerTable,
} from "./tables.ts";

const SAVED = fileURLToPath(new URL("./last.json", import.meta.url));

function optionsOrExit(): Options {
  try {
    return readOptions(Deno.args);
  } catch (error) {
    console.error(`bench: ${(error as Error).message}`);
    Deno.exit(64);
  }
}

const seconds = ({ seconds }: Measured) => seconds;

/** The programs with which rosterd is compared; null if a program is not installed. */
interface Others {
  psql: boolean;
  pgloader: boolean;
}

async function findOthers(): Promise<Others> {
  const others = { psql: await psqlIsFound(), pgloader: await pgloaderIsFound() };
  for (const [name, isFound] of Object.entries(others)) {
    if (!isFound) console.error(`LEFT OUT: ${name} is not found: nothing to compare with`);
  }
  return others;
}

function importRow(
  of: Pick<ImportRow, "title" | "most">,
  { name }: Program,
  { seconds, peakMiB, cpu }: Measured,
  byHand: Measured | null,
  pgloader: Measured | null,
): ImportRow {
  const beside = { byHandSeconds: byHand?.seconds ?? null, pgloaderSeconds: pgloader?.seconds ?? null };
  return { ...of, program: name, seconds, ...beside, peakMiB, cpu, byHandCpu: byHand?.cpu ?? null };
}

async function measureImport(options: Options, programs: Program[], others: Others, wanted: ImportCase) {
  const { runs } = options, { name, title, most, isPlainLoad, records = options.records } = wanted;
  const [any] = programs;
  const byHand = others.psql
    ? await median(runs, `${name}, psql, s`, seconds, () => byHandOnce(any, wanted, records))
    : null;
  const pgloader = others.pgloader && isPlainLoad
    ? await median(runs, `${name}, pgloader, s`, seconds, () => pgloaderOnce(any, wanted, records))
    : null;
  const rows: ImportRow[] = [];
  for (const program of programs) {
    const own = await median(runs, `${name}, ${program.name}, s`, seconds, () => importOnce(program, wanted, records));
    rows.push(importRow({ title, most }, program, own, byHand, pgloader));
  }
  return rows;
}

async function measureImports(options: Options, programs: Program[], others: Others): Promise<ImportRow[]> {
  const rows: ImportRow[] = [];
  const cases = options.sweep
    ? SWEEP_CASES.filter(({ title }) => options.isSwept(title))
    : IMPORT_CASES.filter(({ name }) => options.wants(name));
  for (const wanted of cases) {
    rows.push(...await measureImport(options, programs, others, wanted));
  }
  if (options.wants(FEEDS.name)) rows.push(...await measureFeeds(options, programs, others));
  return rows;
}

async function measureFeeds({ runs, records }: Options, programs: Program[], others: Others): Promise<ImportRow[]> {
  const { name, title, most } = FEEDS, [any] = programs;
  const byHand = others.psql
    ? await median(runs, `${name}, psql, s`, seconds, () => feedsByHandOnce(any, records))
    : null;
  const rows: ImportRow[] = [];
  for (const program of programs) {
    const own = await median(runs, `${name}, ${program.name}, s`, seconds, () => feedsOnce(program, records));
    rows.push(importRow({ title, most }, program, own, byHand, null));
  }
  return rows;
}

async function measureFigures({ runs, wants }: Options, programs: Program[]): Promise<FigureRow[]> {
  const rows: FigureRow[] = [];
  for (const { name, title, unit, goal, isMet, hasMemoryGoal, once } of FIGURES.filter(({ name }) => wants(name))) {
    for (const program of programs) {
      const what = `${name}, ${program.name}, ${unit}`;
      const { value, peakMiB } = await median(runs, what, ({ value }) => value, () => once(program));
      rows.push({ title, program: program.name, value, unit, goal, met: isMet(value), hasMemoryGoal, peakMiB });
    }
  }
  return rows;
}

/** This case is measured once, with the compiled program if it exists. */
async function measureGrowth(options: Options, programs: Program[], imports: ImportRow[]): Promise<HugeRow[]> {
  if (!options.wants(HUGE)) return [];
  const program = programs[programs.length - 1], { runs, records } = options, [first] = IMPORT_CASES;
  const known = imports.find((row) => row.title === first.title && row.program === program.name);
  const tenth = known ??
    await median(runs, `${HUGE}, a tenth, s`, seconds, () => importOnce(program, first, records));
  return [await measureHuge(program, records, tenth)];
}

async function measureLatencies({ runs, wants, records }: Options, programs: Program[]): Promise<LatencyRow[]> {
  const rows: LatencyRow[] = [];
  for (const program of wants(LATENCY) ? programs : []) {
    const what = `${LATENCY}, ${program.name}, p99 ms`;
    const measured = await median(runs, what, ({ p99 }) => p99, () => measureLatency(program, records));
    rows.push({ program: program.name, ...measured });
  }
  return rows;
}

/** The readers do not get the largest roster, because some of them hold the whole text in memory. */
const MOST_READ = 300_000;

async function measureReading({ wants, runs, records }: Options): Promise<ReaderRow[]> {
  if (!wants(READER)) return [];
  const roster = await Deno.readFile(await rosterFile({ records: Math.min(records, MOST_READ) }));
  return await measureReaders(new Map([["plain values", roster], ["all values quoted", inQuotes(roster)]]), runs);
}

/** Describes the machine, because the figures differ on other machines. */
async function describeMachine() {
  await using database = (await testDatabase())!;
  const [{ postgres }] = await database.sql`select current_setting('server_version') as postgres`;
  const [{ model }] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: `${cpus().length} x ${model}`,
    postgres,
    deno: Deno.version.deno,
  };
}

async function main(): Promise<void> {
  const options = optionsOrExit(), { records, runs } = options;
  const reading = await measureReading(options);
  if (reading.length > 0) console.log(readerTable(reading));
  const needsServer = options.sweep || [...IMPORT_CASES, ...FIGURES].some(({ name }) => options.wants(name)) ||
    [FEEDS.name, HUGE, LATENCY].some(options.wants);
  if (!needsServer) return;
  const unavailable = await serverUnavailable();
  if (unavailable !== null) throw new Error(unavailable);
  const programs = await findPrograms();
  const machine = await describeMachine();
  const imports = await measureImports(options, programs, await findOthers());
  const figures = await measureFigures(options, programs);
  const huge = await measureGrowth(options, programs, imports);
  const latency = await measureLatencies(options, programs);
  console.log(
    `${records} records, medians of ${runs}, ${machine.cpu}, PostgreSQL ${machine.postgres}, Deno ${machine.deno}`,
  );
  if (imports.length > 0) console.log(importTable(imports));
  if (figures.length > 0) console.log(figureTable(figures));
  if (huge.length > 0) console.log(hugeTable(huge));
  if (latency.length > 0) console.log(latencyTable(latency));
  if (!options.save) return;
  const saved = { machine, records, runs, reading, imports, figures, huge, latency };
  await Deno.writeTextFile(SAVED, JSON.stringify(saved, null, 2) + "\n");
}

await main();
