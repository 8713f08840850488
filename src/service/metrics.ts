/** Builds the Prometheus metrics from memory, without querying the database or the folder. */
import { OUTCOMES, STAGES } from "../domain/outcome.ts";
import type { Metric } from "../http/metrics.ts";
import { emptyScan, type WaitingFile } from "../importer/inbox_port.ts";
import type { BakUsage } from "../inbox/bak/bak_folder.ts";
import { type FeedTotals, noFeedTotals, type Totals } from "../postgres/history/history.ts";
import { type FeedState, pendingFiles } from "./state.ts";
import type { Stopwatch } from "./stopwatch.ts";

const OVER = ["done", "failed_records", "held", "rejected", "checked"];

export interface Snapshot {
  version: string;
  now: Date;
  totals: Totals;
  stopwatch: Stopwatch;
  feeds: readonly (FeedState & { isPaused: boolean })[];
  elsewhere: readonly WaitingFile[];
  standby: boolean;
  running: boolean;
  database: boolean;
  settings: boolean;
  turns: boolean;
}

export function metricsOf(snapshot: Snapshot): Metric[] {
  const { version, totals, stopwatch, now, feeds } = snapshot;
  const sums = [...new Set([...feeds.map(({ feed }) => feed), "", ...Object.keys(totals.feeds)])]
    .map((feed) => ({ feed, ...(totals.feeds[feed] ?? noFeedTotals()) }));
  const byFeed = (value: (sums: FeedTotals) => number) => sums.map((one) => ({ labels: of(one), value: value(one) }));
  return [
    gauge("info", "The running version.", [{ labels: { version }, value: 1 }]),
    gauge("usable", "1 if the part is usable, otherwise 0.", [
      { labels: { part: "database" }, value: Number(snapshot.database) },
      ...feeds.map((one) => ({
        labels: { part: "folder", ...of(one) },
        value: Number(one.unavailableReason === null),
      })),
      { labels: { part: "settings" }, value: Number(snapshot.settings) },
      { labels: { part: "turns" }, value: Number(snapshot.turns) },
    ]),
    gauge(
      "standby",
      "1 while another instance of rosterd is importing into this database.",
      one(Number(snapshot.standby)),
    ),
    gauge("import_running", "1 while an import is running.", one(Number(snapshot.running))),
    counter(
      "imports_total",
      "Imports by status.",
      sums.flatMap((one) => byLabel("status", one.imports, OVER, of(one))),
    ),
    gauge(
      "imports_pending",
      "Imports that are running, or that failed and will be retried.",
      sums.flatMap((one) => byLabel("status", one.imports, ["running", "error"], of(one))),
    ),
    counter(
      "records_total",
      "Records by outcome.",
      sums.flatMap((one) => byLabel("outcome", one.outcomes, OUTCOMES, of(one))),
    ),
    counter("permits_released_total", "Permits released by imports.", byFeed((sums) => sums.permitsReleased)),
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
    ...moment("last_turn_timestamp_seconds", "Time when the last scan and its imports ended.", stopwatch.lastTurnAt),
    gauge("files_waiting", "Files that cannot be imported now, by reason.", waitingSamples(snapshot)),
    gauge(
      "oldest_file_age_seconds",
      "Age of the oldest upload that is ready to import, in seconds; 0 if no upload is ready.",
      feeds.map((one) => ({ labels: of(one), value: oldestAge(one, now) })),
    ),
    gauge("bak_files", "Files in bak.", bakSamples(feeds, ({ files }) => files)),
    gauge("bak_bytes", "Size of the files in bak.", bakSamples(feeds, ({ bytes }) => bytes)),
    gauge("mails_waiting", "Emails waiting to be sent.", one(totals.mailsWaiting)),
    gauge("open_holds", "Imports on hold, waiting for an admin's decision.", byFeed((sums) => sums.openHolds)),
    gauge("held_users", "Held users.", byFeed((sums) => sums.heldUsers)),
    ...successes(sums),
  ];
}

type Samples = Metric["samples"];
const gauge = (name: string, help: string, samples: Samples): Metric => ({ name, type: "gauge", help, samples });
const counter = (name: string, help: string, samples: Samples): Metric => ({ name, type: "counter", help, samples });
const one = (value: number): Samples => [{ value }];

/** Leaves out feeds whose files have not been counted yet. */
function bakSamples(feeds: readonly FeedState[], value: (bak: BakUsage) => number): Samples {
  return feeds.flatMap((feed) => feed.bak === null ? [] : [{ labels: of(feed), value: value(feed.bak) }]);
}

/** A metric for the time of an event. It is omitted until the event has occurred. */
function moment(name: string, help: string, at: Date | null): Metric[] {
  return at === null ? [] : [gauge(name, help, one(at.getTime() / 1_000))];
}

/** The label of a feed. The upload folder itself does not get a label, because Prometheus drops empty labels. */
function of({ feed }: { feed: string }): Record<string, string> {
  return feed === "" ? {} : { feed };
}

function successes(sums: readonly ({ feed: string } & FeedTotals)[]): Metric[] {
  const samples = sums.flatMap(({ feed, lastSuccessAt }) =>
    lastSuccessAt === null ? [] : [{ labels: of({ feed }), value: Date.parse(lastSuccessAt) / 1_000 }]
  );
  return samples.length === 0
    ? []
    : [gauge("last_success_timestamp_seconds", "Time when a roster was last applied.", samples)];
}

/** Files that are waiting for the end of a pause do not count as ready. */
function oldestAge(feed: FeedState & { isPaused: boolean }, now: Date): number {
  const files = feed.isPaused ? [] : pendingFiles(feed);
  return files.length === 0 ? 0 : Math.max(0, (now.getTime() - Math.min(...files.map(({ mtime }) => mtime))) / 1_000);
}

function waitingSamples({ feeds, elsewhere }: Snapshot): Samples {
  return [...feeds, { feed: "", scan: emptyScan(), postponed: elsewhere, isPaused: false }]
    .flatMap((one) => {
      const paused: Record<string, number> = one.isPaused ? { paused: pendingFiles(one).length } : {};
      return byLabel("reason", { ...counts([...one.postponed, ...one.scan.waiting]), ...paused }, undefined, of(one));
    });
}

function counts(files: readonly WaitingFile[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { code } of files) counts[code] = (counts[code] ?? 0) + 1;
  return counts;
}

/** Counters with a value of 0 are included, so that Prometheus can compute a rate from the first event. */
function byLabel(
  label: string,
  values: Readonly<Record<string, number>>,
  names: readonly string[] = Object.keys(values),
  more: Readonly<Record<string, string>> = {},
) {
  return names.map((name) => ({ labels: { [label]: name, ...more }, value: values[name] ?? 0 }));
}
