/** The results, for people. */
import type { Latency } from "./latency.ts";

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

/** A Markdown table whose columns stand under each other. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, at) => Math.max(name.length, ...rows.map((row) => row[at].length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at])).join(" | ")} |`;
  const rule = `|${widths.map((width, at) => "-".repeat(width + 1) + (at === 0 ? "-" : ":")).join("|")}|`;
  return ["", line(head), rule, ...rows.map(line)].join("\n");
}
