/** Builds the Prometheus metrics from memory, without querying the database or the folder. */
import { OUTCOMES, STAGES } from "../domain/outcome.ts";
import type { Metric } from "../http/metrics.ts";
import type { WaitingFile } from "../importer/ports.ts";
import type { Totals } from "../postgres/history/history.ts";
import type { Stopwatch } from "./stopwatch.ts";

const OVER = ["done", "failed_records", "held", "rejected"];

export interface Snapshot {
  version: string;
  now: Date;
  totals: Totals;
  stopwatch: Stopwatch;
  /** Modification time of the oldest settled or claimed upload, in milliseconds since 1970. */
  oldestFile: number | null;
  waiting: readonly WaitingFile[];
  standby: boolean;
  running: boolean;
  database: boolean;
  folder: boolean;
  settings: boolean;
  turns: boolean;
}

export function metricsOf(snapshot: Snapshot): Metric[] {
  const { version, totals, stopwatch, now } = snapshot;
  return [
    gauge("info", "The running version.", [{ labels: { version }, value: 1 }]),
    gauge("usable", "1 if the part is usable, otherwise 0.", [
      { labels: { part: "database" }, value: Number(snapshot.database) },
      { labels: { part: "folder" }, value: Number(snapshot.folder) },
      { labels: { part: "settings" }, value: Number(snapshot.settings) },
      { labels: { part: "turns" }, value: Number(snapshot.turns) },
    ]),
    gauge(
      "standby",
      "1 while another instance of rosterd is importing into this database.",
      one(Number(snapshot.standby)),
    ),
    gauge("import_running", "1 while an import is running.", one(Number(snapshot.running))),
    counter("imports_total", "Imports by status.", byLabel("status", totals.imports, OVER)),
    gauge(
      "imports_pending",
      "Imports that are running, or failed and will be retried.",
      byLabel("status", totals.imports, ["running", "error"]),
    ),
    counter("records_total", "Records by outcome.", byLabel("outcome", totals.outcomes, OUTCOMES)),
    counter("permits_released_total", "Permits released by imports.", one(totals.permitsReleased)),
    counter(
      "import_stage_seconds_total",
      "Seconds that imports spent in each stage since rosterd started.",
      STAGES.map((stage) => ({ labels: { stage }, value: stopwatch.secondsIn(stage) })),
    ),
    counter("turns_total", "Scans of the upload folder since rosterd started.", one(stopwatch.turns)),
    counter(
      "turn_seconds_total",
      "Total duration of scans and their imports since rosterd started, in seconds.",
      one(stopwatch.turnSeconds),
    ),
    gauge(
      "last_turn_seconds",
      "Duration of the last scan and its imports, in seconds.",
      one(stopwatch.lastTurnSeconds),
    ),
    ...moment("last_turn_timestamp_seconds", "When the last scan and its imports ended.", stopwatch.lastTurnAt),
    gauge("files_waiting", "Files that cannot be imported now, by reason.", countedBy(snapshot.waiting)),
    gauge(
      "oldest_file_age_seconds",
      "Age of the oldest upload that is ready to import, in seconds, or 0 if none is.",
      one(snapshot.oldestFile === null ? 0 : Math.max(0, (now.getTime() - snapshot.oldestFile) / 1_000)),
    ),
    gauge("mails_waiting", "Mails waiting to be sent.", one(totals.mailsWaiting)),
    gauge("open_holds", "Imports on hold until an admin decides.", one(totals.openHolds)),
    gauge("held_users", "Users on hold.", one(totals.heldUsers)),
    ...moment(
      "last_success_timestamp_seconds",
      "When a roster was last applied.",
      totals.lastSuccessAt === null ? null : new Date(totals.lastSuccessAt),
    ),
  ];
}

type Samples = Metric["samples"];
const gauge = (name: string, help: string, samples: Samples): Metric => ({ name, type: "gauge", help, samples });
const counter = (name: string, help: string, samples: Samples): Metric => ({ name, type: "counter", help, samples });
const one = (value: number): Samples => [{ value }];

/** Omitted until the event has happened. */
function moment(name: string, help: string, at: Date | null): Metric[] {
  return at === null ? [] : [gauge(name, help, one(at.getTime() / 1_000))];
}

/** Includes zeros, so that Prometheus can compute a rate from the first event. */
function byLabel(
  label: string,
  values: Readonly<Record<string, number>>,
  names: readonly string[] = Object.keys(values),
) {
  return names.map((name) => ({ labels: { [label]: name }, value: values[name] ?? 0 }));
}

function countedBy(files: readonly WaitingFile[]): Samples {
  const counts: Record<string, number> = {};
  for (const { code } of files) counts[code] = (counts[code] ?? 0) + 1;
  return byLabel("reason", counts);
}
