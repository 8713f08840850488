/**
 * Implements the {@link Service} port of the HTTP interface by delegating to the parts of the service. This class has
 * no state.
 */
import { type Finding, warning } from "../domain/finding.ts";
import type { MissingRoster, Replayed } from "../domain/missing_roster.ts";
import type { CodedText } from "../domain/outcome.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import { anyMailConfigured, feedsOf, pausedUntil, requireFeed, settingsOf } from "../domain/feed_settings.ts";
import type { StoredSettings } from "../domain/stored_settings.ts";
import type { Config } from "../config.ts";
import {
  Busy,
  type Decisions,
  FolderUnusable,
  NotAnUpload,
  OnStandby,
  Paused,
  type Readiness,
  type ReceivedFile,
  type ReplayRequest,
  type Service,
  type SettingsService,
  type StatusDocument,
  TurnFailed,
  type Users,
} from "../http/service.ts";
import type { Metric } from "../http/metrics.ts";
import { CHECKED_PREFIX } from "../host/data_folder.ts";
import type { SettingsFile } from "../host/settings_file.ts";
import { type CheckReport, checkReport } from "../importer/report.ts";
import type { ImportEntry, ImportStore } from "../importer/ports.ts";
import { UnusableFolder } from "../importer/inbox_port.ts";
import { mailWarnings, riskySettings } from "../importer/warnings.ts";
import { openRosterFile } from "../inbox/files/open.ts";
import { kindOfName } from "../inbox/names.ts";
import type { Database } from "../postgres/connection/connect.ts";
import { checkDatabase, embedded } from "../postgres/doctor.ts";
import { findUser, findUsers } from "../postgres/history/users.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { Outbox } from "../smtp/outbox.ts";
import { MailError } from "../smtp/mail_error.ts";
import type { Transport } from "../smtp/transport.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { CachedImportHistory } from "./cached_import_history.ts";
import { runChecks } from "./doctor.ts";
import type { Replay } from "./replay.ts";
import type { FeedFolders } from "./feed_folders.ts";
import { feedStatus } from "./feed_status.ts";
import { metricsOf } from "./metrics.ts";
import { ignoredFiles, listedFiles, type ServiceState, usability, waitingFiles } from "./state.ts";
import { testMessage } from "./mailer.ts";
import type { Turns } from "./turns.ts";

/** A standby is considered ready, because a rolling update stops the leader only after the new process is ready. */
const STANDBY = {
  code: "standby",
  text:
    "another instance of rosterd is importing into this database; this one is on standby, and takes over if the other stops",
};

export interface ServiceParts {
  version: string;
  config: Config;
  clock: Clock;
  log: Log;
  settingsFile: SettingsFile;
  database: Database;
  databaseMonitor: DatabaseMonitor;
  history: CachedImportHistory;
  decisions: Decisions;
  erase: Users["erase"];
  store: ImportStore;
  state: ServiceState;
  folders: FeedFolders;
  replay: Replay;
  turns: Turns;
  outbox: Outbox;
  transport: Transport;
}

export class RosterdService implements Service {
  readonly settings: SettingsService;
  readonly imports: CachedImportHistory;
  readonly decisions: Decisions;
  readonly users: Users;
  readonly #parts: ServiceParts;

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.imports = parts.history;
    this.decisions = parts.decisions;
    this.users = {
      find: (query) => parts.history.ask((sql) => findUsers(sql, query)),
      get: (uniqueId) => parts.history.ask((sql) => findUser(sql, uniqueId)),
      erase: parts.erase,
    };
    const { settingsFile, turns, log } = parts;
    const change = async (by: string, make: () => Promise<StoredSettings>): Promise<StoredSettings> => {
      const before = await settingsFile.read();
      const changed = await make();
      if (changed.etag !== before.etag) log.info("settings_changed", { by });
      await turns.settingsChanged();
      return changed;
    };
    this.settings = {
      read: () => settingsFile.read(),
      patch: (mergePatch, ifMatch, by) => change(by, () => settingsFile.patch(mergePatch, ifMatch, by)),
      replace: (document, ifMatch, by) => change(by, () => settingsFile.replace(document, ifMatch, by)),
      history: (limit, before) => settingsFile.history(limit, before),
    };
  }

  async testMail(signal: AbortSignal): Promise<{ sent: boolean; text: string }> {
    const { settings } = await this.#parts.settingsFile.read();
    if (!mailConfigured(settings)) {
      return { sent: false, text: "set smtp.host, reply_to_admin_email and failed_import_email first" };
    }
    try {
      await this.#parts.transport(settings.smtp, testMessage(settings, this.#parts.clock.now()), signal);
      return { sent: true, text: `the mail server accepted an email to ${settings.failed_import_email}` };
    } catch (error) {
      if (!(error instanceof MailError)) throw error;
      return { sent: false, text: error.message };
    }
  }

  async turn(wait: boolean, signal: AbortSignal): Promise<ImportEntry[]> {
    this.#refuseWhilePaused(this.#parts.state.settings);
    const turn = this.#parts.turns.trigger();
    if (!wait) return [];
    const imported = await Promise.race([turn, aborted(signal)]);
    const { problem } = this.#parts.turns.health;
    if (problem !== null) throw new TurnFailed(problem);
    const entries = await Promise.all(imported.map((id) => this.imports.get(id)));
    return entries.filter((entry) => entry !== null);
  }

  async upload(
    { feed, name, body, by }: ReceivedFile,
    wait: boolean,
    signal: AbortSignal,
  ): Promise<ImportEntry | null> {
    const { settingsFile, state, folders, turns, log } = this.#parts, { settings } = await settingsFile.read();
    if (kindOfName(name) !== "upload") throw new NotAnUpload();
    requireFeed(settings, feed);
    this.#refuseWhilePaused(settings, [feed]);
    if (state.standby) throw new OnStandby();
    const folder = folders.of(settings).find((folder) => folder.feed === feed)!;
    const key = await folder.receive({ name, by, bytes: body }, settings.settle_seconds).catch((error) => {
      throw error instanceof UnusableFolder ? new FolderUnusable(error.code) : error;
    });
    log.info("uploaded", { feed, file: name, by });
    const turn = turns.trigger();
    if (!wait) return null;
    await Promise.race([turn, aborted(signal)]);
    return await this.#parts.databaseMonitor.ask(() => this.#parts.store.findClaimed(key));
  }

  /** Refuses a scan or an upload only if all the given feeds are paused. */
  #refuseWhilePaused(settings: Settings, feeds: readonly string[] = feedsOf(settings)): void {
    const now = this.#parts.clock.now();
    const ends = feeds.map((feed) => pausedUntil(settings, feed, now)).filter((end) => end !== null);
    if (ends.length < feeds.length) return;
    throw new Paused(ends.reduce((one, other) => one < other ? one : other));
  }

  async replay(request: ReplayRequest): Promise<Replayed> {
    const { replay, turns, databaseMonitor } = this.#parts;
    this.#requireLead();
    const replayed = await databaseMonitor.ask(() => replay.replay(request));
    if (!request.isDryRun && replayed.rosters.length > 0) void turns.trigger();
    return replayed;
  }

  async dismissMissing(by: string): Promise<MissingRoster[]> {
    this.#requireLead();
    return await this.#parts.databaseMonitor.ask(() => this.#parts.replay.dismiss(by));
  }

  #requireLead(): void {
    const { state, database } = this.#parts;
    if (state.standby) throw new OnStandby();
    if (database.kind === "embedded" && state.running !== null) throw new Busy();
  }

  status(): Promise<StatusDocument> {
    const { version, config, database, turns, state, databaseMonitor, outbox, history } = this.#parts;
    const { mailsWaiting, nextMailAt, openHolds, holds, lastImportAt } = history.totals;
    const { ready, problems } = this.#readiness((feed) => `the folder of ${feed}`);
    const mailProblem = outbox.problem(), now = this.#parts.clock.now();
    const root = state.feeds.find(({ feed }) => feed === "")?.unavailableReason ?? null;
    return Promise.resolve({
      version,
      ready,
      problems: [...problems, ...this.#warnings()],
      database: {
        kind: database.kind,
        state: databaseMonitor.unavailableReason === null ? "usable" : "unreachable",
        ...(databaseMonitor.unavailableReason === null ? {} : { text: databaseMonitor.unavailableReason }),
      },
      folder: {
        path: config.upload,
        ...usability(root),
      },
      feeds: state.feeds.map((feed) => feedStatus(feed, state.settings, history.totals, now)),
      settings: {
        valid: state.settingsUnavailableReason === null,
        ...(state.settingsUnavailableReason === null ? {} : { text: state.settingsUnavailableReason }),
      },
      mail: {
        configured: anyMailConfigured(state.settings),
        waiting: mailsWaiting,
        next_at: nextMailAt,
        ...(mailProblem === null ? {} : { problem: mailProblem }),
      },
      next_turn_at: turns.nextTurnAt.toISOString(),
      standby: state.standby,
      running: state.running,
      ...listedFiles(waitingFiles(state), ignoredFiles(state)),
      open_holds: openHolds,
      holds,
      last_import_at: lastImportAt,
    });
  }

  metrics(): readonly Metric[] {
    const { version, clock, turns, state, databaseMonitor, history } = this.#parts;
    const { standby, running } = state, now = clock.now();
    return metricsOf({
      ...{ version, standby, now },
      stopwatch: turns.stopwatch,
      totals: history.totals,
      feeds: state.feeds.map((feed) => ({ ...feed, isPaused: pausedUntil(state.settings, feed.feed, now) !== null })),
      elsewhere: state.elsewhere,
      running: running !== null,
      database: databaseMonitor.unavailableReason === null,
      settings: state.settingsUnavailableReason === null,
      turns: turns.health.problem === null,
    });
  }

  readiness(): Promise<Readiness> {
    return Promise.resolve(this.#readiness(() => "the folder of a feed"));
  }

  async doctor(signal: AbortSignal): Promise<Finding[]> {
    const { config, clock } = this.#parts;
    return await Array.fromAsync(runChecks({ config, clock, signal, database: () => this.#examineDatabase() }));
  }

  /** The embedded database serves one client at a time, so the checks must not disturb an import. */
  async *#examineDatabase(): AsyncGenerator<Finding> {
    const { database, state: { running, missingRosters } } = this.#parts;
    if (missingRosters !== null) {
      yield warning(
        missingRosters.code,
        missingRosters.text,
        "To import these rosters again, see docs/operations.md#restore",
      );
    }
    if (database.kind === "server" || running === null) return yield* checkDatabase(database);
    yield embedded("the embedded PostgreSQL is busy with an import");
  }

  async check(
    name: string,
    body: ReadableStream<Uint8Array>,
    signal: AbortSignal,
    feed: string,
  ): Promise<CheckReport> {
    const { config, database, databaseMonitor, state, store, clock, settingsFile } = this.#parts;
    if (database.kind === "embedded" && state.running !== null) throw new Busy();
    const { settings: all } = await settingsFile.read(), settings = settingsOf(all, feed);
    requireFeed(all, feed);
    const path = await Deno.makeTempFile({ dir: config.data, prefix: CHECKED_PREFIX });
    try {
      const target = await Deno.open(path, { write: true, truncate: true });
      await body.pipeTo(target.writable);
      const file = await openRosterFile(path, name);
      try {
        return await databaseMonitor.ask(() =>
          checkReport(file, { store, feed, settings, clock, signal, onProgress: () => {} })
        );
      } finally {
        await file.close();
      }
    } finally {
      await Deno.remove(path);
    }
  }

  /**
   * The health response contains no paths, because clients can read it without a token. `folderOf` returns the name of
   * a feed's folder.
   */
  #readiness(folderOf: (feed: string) => string): Readiness {
    const { databaseMonitor, state, turns } = this.#parts;
    const problems = [
      ...(databaseMonitor.unavailableReason === null
        ? []
        : [{ code: "database", text: databaseMonitor.unavailableReason }]),
      ...state.feeds.flatMap(({ feed, unavailableReason: reason }) =>
        reason === null ? [] : [{
          code: reason.code,
          text: `${feed === "" ? "the upload folder" : folderOf(feed)} cannot be used`,
        }]
      ),
      ...(state.settingsUnavailableReason === null
        ? []
        : [{ code: "settings", text: "the settings file is not valid" }]),
      ...(turns.health.problem === null ? [] : [turns.health.problem]),
    ];
    return { ready: problems.length === 0, problems };
  }

  #warnings(): CodedText[] {
    const { settings, standby, missingRosters, feeds } = this.#parts.state;
    const missing = missingRosters === null ? [] : [missingRosters];
    return [
      ...(standby ? [STANDBY] : []),
      ...missing,
      ...feeds.flatMap(({ notPacked }) => notPacked ?? []),
      ...mailWarnings(settings),
      ...riskySettings(settings),
    ];
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
