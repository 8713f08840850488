/** The results, for people. */
import type { Latency } from "./latency.ts";
import type { ReaderRow } from "./reader.ts";

export interface ImportRow {
  title: string;
  program: string;
  seconds: number;
  byHandSeconds: number | null;
  peakMiB: number | null;
}

export interface LatencyRow extends Latency {
  program: string;
}

export function importTable(rows: readonly ImportRow[]): string {
  return table(
    ["import", "program", "rosterd s", "psql s", "ratio", "peak MiB"],
    rows.map(({ title, program, seconds, byHandSeconds, peakMiB }) => [
      title,
      program,
      seconds.toFixed(2),
      byHandSeconds?.toFixed(2) ?? "-",
      byHandSeconds === null ? "-" : (seconds / byHandSeconds).toFixed(2),
      String(peakMiB ?? "-"),
    ]),
  );
}

export function latencyTable(rows: readonly LatencyRow[]): string {
  return table(
    ["/settings during an import", "requests", "p50 ms", "p99 ms", "worst ms", "import s", "peak MiB"],
    rows.map(({ program, requests, p50, p99, worst, seconds, peakMiB }) => [
      program,
      String(requests),
      p50.toFixed(1),
      p99.toFixed(1),
      worst.toFixed(1),
      seconds.toFixed(1),
      String(peakMiB ?? "-"),
    ]),
  );
}

/** Each reader in MB/s, and how many times the fastest reader of others it is. */
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

/** A Markdown table whose columns stand under each other. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])).join(" | ")} |`;
  const rule = `|${widths.map((width, at) => "-".repeat(width + 1) + (at === 0 ? "-" : ":")).join("|")}|`;
  return ["", line(head), rule, ...rows.map(line)].join("\n");
}
