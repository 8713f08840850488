/**
 * Scans the folders between turns. In each turn, imports the uploads of one folder after another and updates the {@link
 * ServiceState}.
 */
import { feedsOf, pausedUntil, settingsOf } from "../domain/feed_settings.ts";
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import type { SettingsFile } from "../host/settings_file.ts";
import { importFolder, type TurnResult } from "../importer/import_folder.ts";
import type { ImportStore } from "../importer/ports.ts";
import { UnusableFolder } from "../importer/inbox_port.ts";
import { isDatabaseUnreachable } from "../postgres/connection/errors.ts";
import type { Leadership } from "../postgres/leadership.ts";
import type { Clock } from "../runtime/clock.ts";
import { describeError } from "../runtime/errors.ts";
import { IntervalLoop } from "../runtime/interval_loop.ts";
import type { Log } from "../runtime/log.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import type { FeedFolder } from "./feed_folder.ts";
import type { FeedFolders } from "./feed_folders.ts";
import type { RunningImport, ServiceState } from "./state.ts";
import { Stopwatch } from "./stopwatch.ts";
import { TurnHealth } from "./turn_health.ts";

export interface TurnsOptions {
  state: ServiceState;
  settingsFile: SettingsFile;
  folders: Pick<FeedFolders, "of" | "elsewhere">;
  store: ImportStore;
  databaseMonitor: DatabaseMonitor;
  leadership: Leadership;
  clock: Clock;
  log: Log;
  /** Gives HTTP requests a chance to run while a roster is being read. */
  yieldToRequests?: () => Promise<void>;
  /** Called after each turn in which imports were possible. `changed`: whether the history may have changed. */
  onTurn: (changed: boolean) => Promise<void>;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #turns: IntervalLoop;
  readonly #scans: IntervalLoop;
  readonly #state: ServiceState;
  readonly stopwatch: Stopwatch;
  readonly health: TurnHealth;
  #imported: number[] = [];
  #running: RunningImport | null = null;
  #settingsEtag: string | null = null;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#state = options.state;
    const { clock, log } = options;
    this.stopwatch = new Stopwatch(clock);
    this.health = new TurnHealth(clock);
    const onError = (error: unknown) => log.error("turn_failed", { error: describeError(error) });
    this.#turns = new IntervalLoop({
      clock,
      interval: () => this.#state.settings.interval_minutes * 60_000,
      work: (signal) => this.stopwatch.turn(() => this.health.watch(() => this.#turn(signal))),
      onError,
    });
    this.#scans = new IntervalLoop({
      clock,
      interval: () => this.#scanIntervalMs(),
      work: () => this.#scanBetweenTurns(),
      onError,
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#turns.run(signal), this.#scans.run(signal)]);
  }

  get nextTurnAt(): Date {
    return new Date(this.#options.clock.now().getTime() + Math.max(0, this.#turns.dueIn));
  }

  /**
   * The time of the loop's last progress, by the monotonic clock. Between turns, this is the current time unless the
   * next turn is late.
   */
  get movedAt(): number {
    return this.health.progressAt ?? this.#options.clock.elapsed() + Math.min(0, this.#turns.dueIn);
  }

  /** Starts a turn. If a turn is running, waits for the next turn. Resolves to the ids of the turn's imports. */
  async trigger(): Promise<readonly number[]> {
    await this.#turns.trigger();
    return this.#imported;
  }

  /** Applies changed settings at once, including a new interval. */
  async settingsChanged(): Promise<void> {
    await this.#readSettings();
    if (this.#notePauses()) void this.#turns.trigger();
    this.#turns.reschedule();
    this.#scans.reschedule();
  }

  /** The time between scans is short, so that a settled file is noticed before the next turn. */
  #scanIntervalMs(): number {
    const { settle_seconds } = this.#state.settings;
    return 1_000 * Math.min(15, Math.max(1, settle_seconds / 3));
  }

  async #scanBetweenTurns(): Promise<void> {
    const interval = this.#state.settings.interval_minutes;
    await this.#readSettings();
    if (this.#state.settings.interval_minutes !== interval) this.#turns.reschedule();
    await this.#scanFolders((folder) => folder.isDue);
    if (this.#notePauses()) void this.#turns.trigger();
    if (this.#isNotLeader() && this.#options.databaseMonitor.isWorthTrying && await this.#becomeLeader()) {
      this.#turns.trigger();
    }
  }

  get #folders(): FeedFolder[] {
    return this.#options.folders.of(this.#state.settings);
  }

  async #scanFolders(which = (_: FeedFolder) => true): Promise<void> {
    const { settings } = this.#state, folders = this.#folders, root = folders[folders.length - 1];
    const looksElsewhere = which(root);
    for (const folder of folders.filter(which)) await folder.lookAround(settings.settle_seconds);
    if (looksElsewhere) this.#state.elsewhere = await this.#options.folders.elsewhere(settings);
  }

  /** Returns true if a pause has ended. After a pause, the files that were waiting are due. */
  #notePauses(): boolean {
    const { settings } = this.#state, now = this.#options.clock.now();
    return this.#folders.map((folder) => folder.notePause(pausedUntil(settings, folder.feed, now))).includes(true);
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (!await this.#readSettings() || !this.#options.databaseMonitor.isWorthTrying || !await this.#becomeLeader()) {
      this.#imported = [];
      await this.#scanFolders();
      return;
    }
    // The new value is not set until after the turn, because callers that waited for the previous turn may still read
    // the old value.
    const { imported, hadUploads } = await this.#import(signal);
    this.#imported = imported;
    const { databaseMonitor, onTurn } = this.#options;
    if (!databaseMonitor.isWorthTrying) return;
    await onTurn(hadUploads).catch((error) => {
      if (!isDatabaseUnreachable(error)) throw error;
      databaseMonitor.report(error);
    });
  }

  async #import(signal: AbortSignal): Promise<Omit<TurnResult, "postponed">> {
    const { leadership: { term }, databaseMonitor } = this.#options;
    const result = { imported: [] as number[], hadUploads: false }, failures: unknown[] = [];
    this.#notePauses();
    try {
      for (const folder of this.#folders) {
        if (signal.aborted || term.aborted) break;
        // An admin may have removed the feed during an earlier import.
        if (!feedsOf(this.#state.settings).includes(folder.feed)) continue;
        const { imported, hadUploads } = await this.#importFeed(folder, signal, failures);
        result.imported.push(...imported);
        result.hadUploads ||= hadUploads;
      }
      if (!term.aborted) databaseMonitor.worked();
    } catch (error) {
      result.hadUploads = true;
      if (signal.aborted) return result;
      if (!isDatabaseUnreachable(error)) throw error;
      databaseMonitor.report(error);
    }
    if (!signal.aborted) this.#state.elsewhere = await this.#options.folders.elsewhere(this.#state.settings);
    if (failures.length > 0) throw failures[0];
    return result;
  }

  /**
   * Imports the uploads of one folder. Only an unreachable database ends the turn before the remaining folders are
   * processed.
   */
  async #importFeed(folder: FeedFolder, signal: AbortSignal, failures: unknown[]): Promise<TurnResult> {
    let result: TurnResult = { imported: [], postponed: [], hadUploads: true };
    try {
      result = await this.#importFolder(folder, AbortSignal.any([signal, this.#options.leadership.term]));
      folder.postponed = result.postponed.map(({ file, reason: { code, text } }) => ({ name: file, code, text }));
    } catch (error) {
      if (signal.aborted) return result;
      if (isDatabaseUnreachable(error)) throw error;
      if (!(error instanceof UnusableFolder)) failures.push(error);
    } finally {
      // In the meantime, an approval may have reported its own progress.
      if (this.#state.running === this.#running) this.#state.running = null;
      this.stopwatch.enter(null);
    }
    if (!signal.aborted && result.hadUploads) await folder.lookAround(this.#state.settings.settle_seconds);
    return result;
  }

  async #importFolder(folder: FeedFolder, signal: AbortSignal): Promise<TurnResult> {
    const { store, clock, yieldToRequests } = this.#options, { feed, inbox, log } = folder, { settings } = this.#state;
    const scan = await folder.look(settings.settle_seconds);
    return await importFolder({
      ...{ feed, inbox, store, clock, log, yieldToRequests, signal },
      settings: settingsOf(settings, feed),
      // The settings are read again before each file, because a pause must take effect at once.
      isPaused: () => pausedUntil(this.#state.settings, feed, clock.now()) !== null,
      onProgress: ({ name }, { id, started_at }, progress) => {
        this.#state.running = this.#running = { id, feed, file: name, started_at, ...progress };
        this.health.progressed();
        this.stopwatch.enter(progress.stage);
      },
      stopsAll: (error) => error instanceof UnusableFolder || isDatabaseUnreachable(error),
    }, scan);
  }

  /** Reads the settings. Returns false if the settings file is not valid; in that case, no files are imported. */
  async #readSettings(): Promise<boolean> {
    const { settingsFile, log } = this.#options;
    try {
      const { settings, etag } = await settingsFile.read();
      this.#state.settings = settings;
      this.#state.feeds = this.#folders;
      if (etag !== this.#settingsEtag) await this.#noteEdits();
      this.#settingsEtag = etag;
      if (this.#state.settingsUnavailableReason !== null) log.info("settings_mended");
      this.#state.settingsUnavailableReason = null;
      return true;
    } catch (error) {
      if (!(error instanceof BrokenSettingsFile)) throw error;
      const reason = error.message;
      if (this.#state.settingsUnavailableReason !== reason) log.error("settings_broken", { reason });
      this.#state.settingsUnavailableReason = reason;
      return false;
    }
  }

  /** Settings in a read-only folder still apply, but have no history. */
  async #noteEdits(): Promise<void> {
    const { settingsFile, log } = this.#options;
    try {
      await settingsFile.noteEdits();
    } catch (error) {
      log.warn("settings_history_not_kept", { error: describeError(error) });
    }
  }

  /** This is true for a standby, and for a former leader while no other process is the leader. */
  #isNotLeader(): boolean {
    return this.#state.standby || this.#options.leadership.term.aborted;
  }

  async #becomeLeader(): Promise<boolean> {
    const { leadership, log, databaseMonitor } = this.#options;
    try {
      const leads = await leadership.seek();
      if (leads === this.#state.standby) log.info(leads ? "leading" : "standing_by");
      if (!leads) databaseMonitor.worked();
      this.#state.standby = !leads;
      return leads;
    } catch (error) {
      if (!isDatabaseUnreachable(error)) throw error;
      databaseMonitor.report(error);
      return false;
    }
  }
}
