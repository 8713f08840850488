/**
 * The turns of the service: looks at the folder now and then, imports at each turn, and knows at any time what goes on.
 * The deciding is in `src/importer/`; here it is only called in time, and remembered for the status.
 */
import type { Settings } from "../domain/settings.ts";
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import type { Config } from "../config.ts";
import type { SettingsFile } from "../host/settings_file.ts";
import { importFolder } from "../importer/import_folder.ts";
import { type FolderLook, type Inbox, nothingSeen, type Progress, UnusableFolder } from "../importer/ports.ts";
import type { ImportStore } from "../importer/ports.ts";
import { databaseIsAway } from "../postgres/faults.ts";
import type { Leadership } from "../postgres/leadership.ts";
import type { Clock } from "../runtime/clock.ts";
import { describeError } from "../runtime/errors.ts";
import { Every } from "../runtime/every.ts";
import type { Log } from "../runtime/log.ts";
import type { DatabaseKeeper } from "./database_keeper.ts";
import { LookPace } from "./look_pace.ts";
import { Stopwatch } from "./stopwatch.ts";

export interface TurnsOptions {
  config: Config;
  settingsFile: SettingsFile;
  inbox: Inbox;
  store: ImportStore;
  keeper: DatabaseKeeper;
  leadership: Leadership;
  clock: Clock;
  log: Log;
  /** Lets HTTP have its turn while a roster is read. */
  breathe?: () => Promise<void>;
  /** Called after each turn that could import. */
  onTurn: () => Promise<void>;
}

/** The import that runs now. */
export interface Running extends Progress {
  id: number;
  file: string;
  started_at: string;
}

export class Turns {
  readonly #options: TurnsOptions;
  readonly #turns: Every;
  readonly #looks: Every;
  readonly #pace: LookPace;
  /** The last settings that held. */
  settings: Settings;
  /** Why the settings file does not hold now. */
  settingsTrouble: string | null = null;
  /** Why the folder cannot be used now. */
  folderTrouble: { code: string; text: string } | null = null;
  look: FolderLook = nothingSeen();
  running: Running | null = null;
  standby = false;
  /** Uploads that could not be imported at the last turn. */
  postponed: { name: string; code: string; text: string }[] = [];
  readonly stopwatch: Stopwatch;
  #imported: number[] = [];
  /** The ETag of the settings that were read last. */
  #settingsSeen: string | null = null;

  constructor(options: TurnsOptions, settings: Settings) {
    this.#options = options;
    this.settings = settings;
    const { clock, log } = options;
    this.stopwatch = new Stopwatch(clock);
    this.#pace = new LookPace(clock);
    const onError = (error: unknown) => log.error("turn_failed", { error: describeError(error) });
    this.#turns = new Every({
      clock,
      interval: () => this.settings.interval_minutes * 60_000,
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
    const { settle_seconds } = this.settings;
    return 1_000 * Math.min(15, Math.max(1, settle_seconds / 3));
  }

  async #lookAround(): Promise<void> {
    const interval = this.settings.interval_minutes;
    await this.#readSettings();
    if (this.settings.interval_minutes !== interval) this.#turns.reschedule();
    if (this.#pace.isDue) await this.#lookAtFolder();
    if (this.#leadsNot() && this.#options.keeper.isWorthATry && await this.#leads()) this.#turns.soon();
  }

  async #lookAtFolder(): Promise<void> {
    await this.#see(this.settings.settle_seconds).catch((error) => {
      if (!(error instanceof UnusableFolder)) throw error;
    });
  }

  /** A look, remembered for the status. Throws {@link UnusableFolder}. */
  async #see(settleSeconds: number): Promise<FolderLook> {
    try {
      this.look = await this.#pace.measure(() => this.#options.inbox.look(settleSeconds));
      this.#noteFolder(null);
      return this.look;
    } catch (error) {
      if (error instanceof UnusableFolder) this.#noteFolder(error);
      throw error;
    }
  }

  #noteFolder(error: UnusableFolder | null): void {
    const { log } = this.#options;
    if (error !== null && this.folderTrouble?.code !== error.code) log.warn("folder_unusable", { code: error.code });
    if (error === null && this.folderTrouble !== null) log.info("folder_usable");
    if (error !== null) this.look = nothingSeen();
    this.folderTrouble = error === null ? null : { code: error.code, text: error.message };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    if (!await this.#readSettings() || !this.#options.keeper.isWorthATry || !await this.#leads()) {
      this.#imported = [];
      await this.#lookAtFolder();
      return;
    }
    // Only set when the turn is over: whoever waited for the turn before reads it then.
    this.#imported = await this.#import(signal);
    const { keeper, onTurn } = this.#options;
    if (!keeper.isWorthATry) return;
    await onTurn().catch((error) => {
      if (!databaseIsAway(error)) throw error;
      keeper.report(error);
    });
  }

  async #import(signal: AbortSignal): Promise<number[]> {
    const { inbox, store, leadership, clock, log, keeper, breathe } = this.#options;
    const { term } = leadership;
    let imported: number[] = [];
    let nothingChanged = false;
    try {
      const result = await importFolder({
        inbox: { ...inbox, look: (settleSeconds) => this.#see(settleSeconds) },
        store,
        settings: this.settings,
        clock,
        log,
        breathe,
        signal: AbortSignal.any([signal, term]),
        onProgress: ({ name }, { id, started_at }, progress) => {
          this.running = { id, file: name, started_at, ...progress };
          this.stopwatch.enter(progress.stage);
        },
        stopsAll: (error) => error instanceof UnusableFolder || databaseIsAway(error),
      });
      imported = result.imported;
      nothingChanged = nothingOnItsWay(this.look);
      if (!term.aborted) keeper.worked();
      this.postponed = result.postponed.map(({ file, reason: { code, text } }) => ({ name: file, code, text }));
    } catch (error) {
      if (signal.aborted) return imported;
      if (databaseIsAway(error)) keeper.report(error);
      else if (!(error instanceof UnusableFolder)) throw error;
      else keeper.worked();
    } finally {
      this.running = null;
      this.stopwatch.enter(null);
    }
    if (!signal.aborted && !nothingChanged) await this.#lookAtFolder();
    return imported;
  }

  /** False when the settings file does not hold: then nothing is imported (contract, section 5). */
  async #readSettings(): Promise<boolean> {
    const { settingsFile, log } = this.#options;
    try {
      const { settings, etag } = await settingsFile.read();
      this.settings = settings;
      if (etag !== this.#settingsSeen) await this.#noteEdits();
      this.#settingsSeen = etag;
      if (this.settingsTrouble !== null) log.info("settings_mended");
      this.settingsTrouble = null;
      return true;
    } catch (error) {
      if (!(error instanceof BrokenSettingsFile)) throw error;
      const trouble = error.message;
      if (this.settingsTrouble !== trouble) log.error("settings_broken", { reason: trouble });
      this.settingsTrouble = trouble;
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
    return this.standby || this.#options.leadership.term.aborted;
  }

  async #leads(): Promise<boolean> {
    const { leadership, log, keeper } = this.#options;
    try {
      const leads = await leadership.seek();
      if (leads === this.standby) log.info(leads ? "leading" : "standing_by");
      if (!leads) keeper.worked();
      this.standby = !leads;
      return leads;
    } catch (error) {
      if (!databaseIsAway(error)) throw error;
      keeper.report(error);
      return false;
    }
  }
}

function nothingOnItsWay({ ready, taken, moved }: FolderLook): boolean {
  return ready.length + taken.length + moved.length === 0;
}
