/** Scans the folder between turns, imports in each turn, and updates the {@link ServiceState}. */
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import type { SettingsFile } from "../host/settings_file.ts";
import { importFolder, type TurnResult } from "../importer/import_folder.ts";
import { emptyScan, type FolderScan, type ImportStore, UnusableFolder } from "../importer/ports.ts";
import type { UploadFolder } from "../inbox/inbox.ts";
import { isDatabaseUnreachable } from "../postgres/connection/errors.ts";
import type { Leadership } from "../postgres/leadership.ts";
import type { Clock } from "../runtime/clock.ts";
import { describeError } from "../runtime/errors.ts";
import { IntervalLoop } from "../runtime/interval_loop.ts";
import type { Log } from "../runtime/log.ts";
import type { DatabaseMonitor } from "./database_monitor.ts";
import { ScanBackoff } from "./scan_backoff.ts";
import type { ServiceState } from "./state.ts";
import { Stopwatch } from "./stopwatch.ts";
import { TurnHealth } from "./turn_health.ts";

export interface TurnsOptions {
  state: ServiceState;
  settingsFile: SettingsFile;
  inbox: UploadFolder;
  store: ImportStore;
  databaseMonitor: DatabaseMonitor;
  leadership: Leadership;
  clock: Clock;
  log: Log;
  /** Lets HTTP requests run while a roster is being read. */
  yieldToRequests?: () => Promise<void>;
  /** Called after each turn that could import. `changed`: the history may have changed. */
  onTurn: (changed: boolean) => Promise<void>;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #turns: IntervalLoop;
  readonly #scans: IntervalLoop;
  readonly #backoff: ScanBackoff;
  readonly #state: ServiceState;
  readonly stopwatch: Stopwatch;
  readonly health: TurnHealth;
  #imported: number[] = [];
  #settingsEtag: string | null = null;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#state = options.state;
    const { clock, log } = options;
    this.stopwatch = new Stopwatch(clock);
    this.health = new TurnHealth(clock);
    this.#backoff = new ScanBackoff(clock);
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
   * When the loop last made progress, by the monotonic clock. Between turns this is now, unless the next turn is late.
   */
  get movedAt(): number {
    return this.health.progressAt ?? this.#options.clock.elapsed() + Math.min(0, this.#turns.dueIn);
  }

  /** Starts a turn, or waits for the next one if one is running. Resolves with the ids of its imports. */
  async trigger(): Promise<readonly number[]> {
    await this.#turns.trigger();
    return this.#imported;
  }

  /** Applies changed settings now, including a new interval. */
  async settingsChanged(): Promise<void> {
    await this.#readSettings();
    this.#turns.reschedule();
    this.#scans.reschedule();
  }

  /** Short enough to notice that a file has settled before the next turn. */
  #scanIntervalMs(): number {
    const { settle_seconds } = this.#state.settings;
    return 1_000 * Math.min(15, Math.max(1, settle_seconds / 3));
  }

  async #scanBetweenTurns(): Promise<void> {
    const interval = this.#state.settings.interval_minutes;
    await this.#readSettings();
    if (this.#state.settings.interval_minutes !== interval) this.#turns.reschedule();
    if (this.#backoff.isDue) await this.#scanFolder();
    if (this.#isNotLeader() && this.#options.databaseMonitor.isWorthTrying && await this.#becomeLeader()) {
      this.#turns.trigger();
    }
  }

  async #scanFolder(): Promise<void> {
    await this.#scan().catch((error) => {
      if (!(error instanceof UnusableFolder)) throw error;
    });
  }

  /** Scans and stores the result for the status. Throws {@link UnusableFolder}. */
  async #scan(): Promise<FolderScan> {
    const { settle_seconds } = this.#state.settings;
    try {
      const scan = await this.#backoff.measure(() => this.#options.inbox.scan(settle_seconds));
      this.#noteFolder(null);
      return this.#state.scan = scan;
    } catch (error) {
      if (error instanceof UnusableFolder) this.#noteFolder(error);
      throw error;
    }
  }

  #noteFolder(error: UnusableFolder | null): void {
    const { log } = this.#options;
    const before = this.#state.folderUnavailableReason;
    if (error !== null && before?.code !== error.code) log.warn("folder_unusable", { code: error.code });
    if (error === null && before !== null) log.info("folder_usable");
    if (error !== null) this.#state.scan = emptyScan();
    this.#state.folderUnavailableReason = error === null ? null : { code: error.code, text: error.message };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (!await this.#readSettings() || !this.#options.databaseMonitor.isWorthTrying || !await this.#becomeLeader()) {
      this.#imported = [];
      await this.#scanFolder();
      return;
    }
    // Set only after the turn: callers that waited for the previous turn may still read the old value.
    const { imported, hadUploads } = await this.#import(signal);
    this.#imported = imported;
    const { databaseMonitor, onTurn } = this.#options;
    if (!databaseMonitor.isWorthTrying) return;
    await onTurn(hadUploads).catch((error) => {
      if (!isDatabaseUnreachable(error)) throw error;
      databaseMonitor.report(error);
    });
  }

  async #import(signal: AbortSignal): Promise<TurnResult> {
    const { inbox, store, leadership, clock, log, databaseMonitor, yieldToRequests } = this.#options;
    const { term } = leadership;
    let result: TurnResult = { imported: [], postponed: [], hadUploads: true };
    try {
      const scan = await this.#scan();
      result = await importFolder({
        inbox,
        store,
        feed: "",
        settings: this.#state.settings,
        clock,
        log,
        yieldToRequests,
        signal: AbortSignal.any([signal, term]),
        onProgress: ({ name }, { id, started_at }, progress) => {
          this.#state.running = { id, file: name, started_at, ...progress };
          this.health.progressed();
          this.stopwatch.enter(progress.stage);
        },
        stopsAll: (error) => error instanceof UnusableFolder || isDatabaseUnreachable(error),
      }, scan);
      if (!term.aborted) databaseMonitor.worked();
      this.#state.postponed = result.postponed.map(({ file, reason: { code, text } }) => ({ name: file, code, text }));
    } catch (error) {
      if (signal.aborted) return result;
      if (isDatabaseUnreachable(error)) databaseMonitor.report(error);
      else if (!(error instanceof UnusableFolder)) throw error;
      else databaseMonitor.worked();
    } finally {
      this.#state.running = null;
      this.stopwatch.enter(null);
    }
    if (!signal.aborted && result.hadUploads) await this.#scanFolder();
    return result;
  }

  /** Returns false if the settings file is not valid. Nothing is imported then. */
  async #readSettings(): Promise<boolean> {
    const { settingsFile, log } = this.#options;
    try {
      const { settings, etag } = await settingsFile.read();
      this.#state.settings = settings;
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

  /** True for a standby, and after losing leadership without a known successor. */
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
