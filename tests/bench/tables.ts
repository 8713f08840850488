/** Prints the results for people to read: the figures, and whether each one met its goal. */
import type { HugeRow } from "./huge.ts";
import type { Latency } from "./latency.ts";
import type { CpuSeconds } from "./program.ts";
import type { ReaderRow } from "./reader.ts";

export interface ImportRow {
  title: string;
  program: string;
  seconds: number;
  byHandSeconds: number | null;
  pgloaderSeconds: number | null;
  /** The allowed time, as a multiple of the time that psql takes. */
  most: number;
  peakMiB: number | null;
  cpu: CpuSeconds;
  byHandCpu: CpuSeconds | null;
}

export interface FigureRow {
  title: string;
  program: string;
  value: number;
  unit: string;
  goal: string;
  met: boolean;
  /** Whether memory is one of the goals. */
  hasMemoryGoal: boolean;
  peakMiB: number | null;
}

export interface LatencyRow extends Latency {
  program: string;
}

/** The maximum 99th percentile of `/settings`, in milliseconds. */
const MOST_P99 = 20;
/** The memory limit in invariant I8 of the fault tests. */
const MOST_MIB = 256;

export function importTable(rows: readonly ImportRow[]): string {
  return table(
    [
      "import",
      "program",
      "rosterd s",
      "psql s",
      "pgloader s",
      "ratio",
      "goal",
      "met",
      "peak MiB",
      "CPU s",
      "psql CPU s",
    ],
    rows.map(({ title, program, seconds, byHandSeconds, pgloaderSeconds, most, peakMiB, cpu, byHandCpu }) => {
      const ratio = byHandSeconds === null ? null : seconds / byHandSeconds;
      return [
        title,
        program,
        seconds.toFixed(2),
        byHandSeconds?.toFixed(2) ?? "-",
        pgloaderSeconds?.toFixed(2) ?? "-",
        ratio?.toFixed(2) ?? "-",
        `<= ${most}`,
        ratio === null ? "-" : met(ratio <= most, peakMiB),
        String(peakMiB ?? "-"),
        cpuText(cpu),
        cpuText(byHandCpu),
      ];
    }),
  );
}

/** The CPU times of the program and of the server. */
function cpuText(cpu: CpuSeconds | null): string {
  return `${cpu?.program?.toFixed(2) ?? "-"} + ${cpu?.server?.toFixed(2) ?? "-"}`;
}

export function figureTable(rows: readonly FigureRow[]): string {
  return table(
    ["measured by itself", "program", "value", "unit", "goal", "met", "peak MiB"],
    rows.map((row) => [
      row.title,
      row.program,
      row.value.toPrecision(3),
      row.unit,
      row.goal,
      met(row.met, row.hasMemoryGoal ? row.peakMiB : null),
      String(row.peakMiB ?? "-"),
    ]),
  );
}

/** The goal is that neither time nor memory grows faster than the file. */
export function hugeTable(rows: readonly HugeRow[]): string {
  return table(
    ["ten times the records", "program", "s", "a tenth: s", "ratio", "goal", "met", "peak MiB", "a tenth: MiB"],
    rows.map(({ records, program, seconds, tenthSeconds, most, peakMiB, tenthPeakMiB }) => {
      const ratio = seconds / tenthSeconds;
      const isNoHigher = peakMiB === null || tenthPeakMiB === null || peakMiB <= tenthPeakMiB;
      return [
        records.toLocaleString("en"),
        program,
        seconds.toFixed(1),
        tenthSeconds.toFixed(2),
        ratio.toFixed(2),
        `<= ${most}`,
        ratio > most ? "no" : isNoHigher ? met(true, peakMiB) : "no: memory grows",
        String(peakMiB ?? "-"),
        String(tenthPeakMiB ?? "-"),
      ];
    }),
  );
}

export function latencyTable(rows: readonly LatencyRow[]): string {
  return table(
    [
      "/settings during an import",
      "requests",
      "p50 ms",
      "p99 ms",
      "worst ms",
      "goal p99",
      "met",
      "import s",
      "peak MiB",
    ],
    rows.map(({ program, requests, p50, p99, worst, seconds, peakMiB }) => [
      program,
      String(requests),
      p50.toFixed(1),
      p99.toFixed(1),
      worst.toFixed(1),
      `< ${MOST_P99}`,
      met(p99 < MOST_P99, peakMiB),
      seconds.toFixed(1),
      String(peakMiB ?? "-"),
    ]),
  );
}

/** The speed of each reader in MB/s, and relative to the fastest other reader. */
export function readerTable(rows: readonly ReaderRow[]): string {
  return table(
    ["the reader alone", "reader", "MB/s", "x fastest other"],
    rows.map(({ file, reader, megabytesPerSecond }) => {
      const others = rows.filter((row) => row.file === file && !row.reader.startsWith("rosterd"));
      const fastest = Math.max(...others.map((row) => row.megabytesPerSecond));
      return [file, reader, megabytesPerSecond.toFixed(0), (megabytesPerSecond / fastest).toFixed(2)];
    }),
  );
}

function met(isMet: boolean, peakMiB: number | null): string {
  if (!isMet) return "no";
  return peakMiB === null || peakMiB < MOST_MIB ? "yes" : "no: memory";
}

/** A Markdown table with aligned columns. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])).join(" | ")} |`;
  const rule = `|${widths.map((width, at) => "-".repeat(width + 1) + (at === 0 ? "-" : ":")).join("|")}|`;
  return ["", line(head), rule, ...rows.map(line)].join("\n");
}
