/** Metrics in the text format of Prometheus (docs/operations.md#metrics). No metric identifies a user or a file. */

/** One metric with its samples. `name` is without the prefix `rosterd_`. */
export interface Metric {
  name: string;
  /** A counter never decreases, and its name ends in `_total`. */
  type: "counter" | "gauge";
  help: string;
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number }[];
}

export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export function metricsText(metrics: readonly Metric[]): string {
  return metrics.flatMap(({ name, type, help, samples }) => [
    `# HELP rosterd_${name} ${escaped(help)}`,
    `# TYPE rosterd_${name} ${type}`,
    ...samples.map(({ labels = {}, value }) => `rosterd_${name}${labelText(labels)} ${value}`),
  ]).join("\n") + "\n";
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value).replaceAll('"', '\\"')}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
