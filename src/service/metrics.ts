/** What the service tells Prometheus. Everything is known already: no database and no folder is asked for it. */
import { OUTCOMES, STAGES } from "../domain/outcome.ts";
import type { Metric } from "../http/metrics.ts";
import type { WaitingFile } from "../importer/ports.ts";
import type { Totals } from "../postgres/history/history.ts";
import type { Stopwatch } from "./stopwatch.ts";

const OVER = ["done", "failed_records", "held", "rejected"];

/** What is known now. */
export interface Knowledge {
  version: string;
  now: Date;
  totals: Totals;
  stopwatch: Stopwatch;
  /** Of settled and taken uploads: milliseconds since 1970, by the file server's clock. */
  oldestFile: number | null;
  waiting: readonly WaitingFile[];
  standby: boolean;
  running: boolean;
  database: boolean;
  folder: boolean;
  settings: boolean;
}

export function metricsOf(known: Knowledge): Metric[] {
  const { version, totals, stopwatch, now } = known;
  return [
    gauge("info", "The version that runs.", [{ labels: { version }, value: 1 }]),
    gauge("usable", "Whether a part can be used: 1, or 0.", [
      { labels: { part: "database" }, value: Number(known.database) },
      { labels: { part: "folder" }, value: Number(known.folder) },
      { labels: { part: "settings" }, value: Number(known.settings) },
    ]),
    gauge("standby", "1 while another rosterd imports into this database.", one(Number(known.standby))),
    gauge("import_running", "1 while an import runs.", one(Number(known.running))),
    counter("imports_total", "Imports by what they came to.", byLabel("status", totals.imports, OVER)),
    gauge(
      "imports_pending",
      "Imports that run, or could not be done and are tried again.",
      byLabel("status", totals.imports, ["running", "error"]),
    ),
    counter("records_total", "Records by what became of them.", byLabel("outcome", totals.outcomes, OUTCOMES)),
    counter("permits_released_total", "Permits released by imports.", one(totals.permitsReleased)),
    counter(
      "import_stage_seconds_total",
      "Seconds that imports spent in each stage since the start.",
      STAGES.map((stage) => ({ labels: { stage }, value: stopwatch.secondsIn(stage) })),
    ),
    counter("turns_total", "Looks for uploads to import since the start.", one(stopwatch.turns)),
    counter("turn_seconds_total", "Seconds that turns took since the start.", one(stopwatch.turnSeconds)),
    gauge("last_turn_seconds", "Seconds that the last turn took.", one(stopwatch.lastTurnSeconds)),
    ...moment("last_turn_timestamp_seconds", "When the last turn was over.", stopwatch.lastTurnAt),
    gauge("files_waiting", "Files that are not imported now, by the reason.", countedBy(known.waiting)),
    gauge(
      "oldest_file_age_seconds",
      "Age of the oldest upload that can be imported; 0 when there is none.",
      one(known.oldestFile === null ? 0 : Math.max(0, (now.getTime() - known.oldestFile) / 1_000)),
    ),
    gauge("mails_waiting", "Mails that were not sent yet.", one(totals.mailsWaiting)),
    gauge("open_holds", "Imports whose held users wait for approve or discard.", one(totals.openHolds)),
    gauge("held_users", "Users who are held by them.", one(totals.heldUsers)),
    ...moment(
      "last_success_timestamp_seconds",
      "When a roster was last applied.",
      totals.lastSuccessAt === null ? null : new Date(totals.lastSuccessAt),
    ),
  ];
}

function gauge(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "gauge", help, samples };
}

function counter(name: string, help: string, samples: Metric["samples"]): Metric {
  return { name, type: "counter", help, samples };
}

function one(value: number): Metric["samples"] {
  return [{ value }];
}

/** Absent as long as it never happened. */
function moment(name: string, help: string, at: Date | null): Metric[] {
  return at === null ? [] : [gauge(name, help, one(at.getTime() / 1_000))];
}

/** All of `names` are there from the start, so that a rate can be made of the first one. */
function byLabel(
  label: string,
  values: Readonly<Record<string, number>>,
  names: readonly string[] = Object.keys(values),
) {
  return names.map((name) => ({ labels: { [label]: name }, value: values[name] ?? 0 }));
}

function countedBy(files: readonly WaitingFile[]): Metric["samples"] {
  const counts: Record<string, number> = {};
  for (const { code } of files) counts[code] = (counts[code] ?? 0) + 1;
  return byLabel("reason", counts);
}
