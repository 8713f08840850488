/**
 * The turns of the service: scans the folder now and then, imports at each turn, and keeps the {@link ServiceState}. The
 * deciding is in `src/importer/`; here it is only called in time.
 */
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import type { SettingsFile } from "../host/settings_file.ts";
import { importFolder, type TurnResult } from "../importer/import_folder.ts";
import { type FolderLook, type ImportStore, nothingSeen, UnusableFolder } from "../importer/ports.ts";
import type { UploadFolder } from "../inbox/inbox.ts";
import { databaseIsAway } from "../postgres/faults.ts";
import type { Leadership } from "../postgres/leadership.ts";
import type { Clock } from "../runtime/clock.ts";
import { describeError } from "../runtime/errors.ts";
import { Every } from "../runtime/every.ts";
import type { Log } from "../runtime/log.ts";
import type { DatabaseKeeper } from "./database_keeper.ts";
import { LookPace } from "./look_pace.ts";
import type { ServiceState } from "./state.ts";
import { Stopwatch } from "./stopwatch.ts";

export interface TurnsOptions {
  /** What the turns come to know. */
  state: ServiceState;
  settingsFile: SettingsFile;
  inbox: UploadFolder;
  store: ImportStore;
  keeper: DatabaseKeeper;
  leadership: Leadership;
  clock: Clock;
  log: Log;
  /** Lets HTTP have its turn while a roster is read. */
  breathe?: () => Promise<void>;
  /** Called after each turn that could import; `changed`: the history may have changed. */
  onTurn: (changed: boolean) => Promise<void>;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #turns: Every;
  readonly #looks: Every;
  readonly #pace: LookPace;
  readonly #state: ServiceState;
  readonly stopwatch: Stopwatch;
  #imported: number[] = [];
  /** The ETag of the settings that were read last. */
  #settingsSeen: string | null = null;

  constructor(options: TurnsOptions) {
    this.#options = options;
    this.#state = options.state;
    const { clock, log } = options;
    this.stopwatch = new Stopwatch(clock);
    this.#pace = new LookPace(clock);
    const onError = (error: unknown) => log.error("turn_failed", { error: describeError(error) });
    this.#turns = new Every({
      clock,
      interval: () => this.#state.settings.interval_minutes * 60_000,
      work: (signal) => this.stopwatch.turn(() => this.#turn(signal)),
      onError,
    });
    this.#looks = new Every({ clock, interval: () => this.#lookEvery(), work: () => this.#lookAround(), onError });
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#turns.run(signal), this.#looks.run(signal)]);
  }

  get nextTurnAt(): Date {
    return new Date(this.#options.clock.now().getTime() + Math.max(0, this.#turns.dueIn));
  }

  /** Asks for a turn; resolves when one that began after the call is over, with what it imported. */
  async soon(): Promise<readonly number[]> {
    await this.#turns.soon();
    return this.#imported;
  }

  /** Settings were changed: a new interval holds at once. */
  async settingsChanged(): Promise<void> {
    await this.#readSettings();
    this.#turns.reschedule();
    this.#looks.reschedule();
  }

  /** Often enough to see a file settle before its turn. */
  #lookEvery(): number {
    const { settle_seconds } = this.#state.settings;
    return 1_000 * Math.min(15, Math.max(1, settle_seconds / 3));
  }

  async #lookAround(): Promise<void> {
    const interval = this.#state.settings.interval_minutes;
    await this.#readSettings();
    if (this.#state.settings.interval_minutes !== interval) this.#turns.reschedule();
    if (this.#pace.isDue) await this.#lookAtFolder();
    if (this.#leadsNot() && this.#options.keeper.isWorthATry && await this.#leads()) this.#turns.soon();
  }

  async #lookAtFolder(): Promise<void> {
    await this.#scan().catch((error) => {
      if (!(error instanceof UnusableFolder)) throw error;
    });
  }

  /** A scan, remembered for the status. Throws {@link UnusableFolder}. */
  async #scan(): Promise<FolderLook> {
    const { settle_seconds } = this.#state.settings;
    try {
      const scan = await this.#pace.measure(() => this.#options.inbox.look(settle_seconds));
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
    if (error !== null) this.#state.scan = nothingSeen();
    this.#state.folderUnavailableReason = error === null ? null : { code: error.code, text: error.message };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (!await this.#readSettings() || !this.#options.keeper.isWorthATry || !await this.#leads()) {
      this.#imported = [];
      await this.#lookAtFolder();
      return;
    }
    // Only set when the turn is over: whoever waited for the turn before reads it then.
    const { imported, hadUploads } = await this.#import(signal);
    this.#imported = imported;
    const { keeper, onTurn } = this.#options;
    if (!keeper.isWorthATry) return;
    await onTurn(hadUploads).catch((error) => {
      if (!databaseIsAway(error)) throw error;
      keeper.report(error);
    });
  }

  async #import(signal: AbortSignal): Promise<TurnResult> {
    const { inbox, store, leadership, clock, log, keeper, breathe } = this.#options;
    const { term } = leadership;
    let result: TurnResult = { imported: [], postponed: [], hadUploads: true };
    try {
      const scan = await this.#scan();
      result = await importFolder({
        inbox,
        store,
        settings: this.#state.settings,
        clock,
        log,
        breathe,
        signal: AbortSignal.any([signal, term]),
        onProgress: ({ name }, { id, started_at }, progress) => {
          this.#state.running = { id, file: name, started_at, ...progress };
          this.stopwatch.enter(progress.stage);
        },
        stopsAll: (error) => error instanceof UnusableFolder || databaseIsAway(error),
      }, scan);
      if (!term.aborted) keeper.worked();
      this.#state.postponed = result.postponed.map(({ file, reason: { code, text } }) => ({ name: file, code, text }));
    } catch (error) {
      if (signal.aborted) return result;
      if (databaseIsAway(error)) keeper.report(error);
      else if (!(error instanceof UnusableFolder)) throw error;
      else keeper.worked();
    } finally {
      this.#state.running = null;
      this.stopwatch.enter(null);
    }
    if (!signal.aborted && result.hadUploads) await this.#lookAtFolder();
    return result;
  }

  /** False when the settings file does not hold: then nothing is imported (contract, section 5). */
  async #readSettings(): Promise<boolean> {
    const { settingsFile, log } = this.#options;
    try {
      const { settings, etag } = await settingsFile.read();
      this.#state.settings = settings;
      if (etag !== this.#settingsSeen) await this.#noteEdits();
      this.#settingsSeen = etag;
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

  /** Settings that can be read but not written beside have no history; they hold all the same. */
  async #noteEdits(): Promise<void> {
    const { settingsFile, log } = this.#options;
    try {
      await settingsFile.noteEdits();
    } catch (error) {
      log.warn("settings_history_not_kept", { error: describeError(error) });
    }
  }

  /** It stands by, or it has lost the lead without knowing of another one. */
  #leadsNot(): boolean {
    return this.#state.standby || this.#options.leadership.term.aborted;
  }

  async #leads(): Promise<boolean> {
    const { leadership, log, keeper } = this.#options;
    try {
      const leads = await leadership.seek();
      if (leads === this.#state.standby) log.info(leads ? "leading" : "standing_by");
      if (!leads) keeper.worked();
      this.#state.standby = !leads;
      return leads;
    } catch (error) {
      if (!databaseIsAway(error)) throw error;
      keeper.report(error);
      return false;
    }
  }
}
