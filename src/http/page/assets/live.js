/**
 * What goes on now: asks for the status every second while an import runs, else every ten, and not at all while nobody looks.
 * Tells whoever listens of each status, and of a history that changed.
 */

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("./api.js").Api} Api */

const BUSY_MS = 1_000;
const IDLE_MS = 10_000;
/** So long something is expected to begin, once it was asked for. */
const EAGER_MS = 10_000;

export class Live {
  /** @type {StatusDocument | null} The last one. */
  status = null;
  /** @type {Set<(status: StatusDocument) => void>} */
  #onStatus = new Set();
  /** @type {Set<() => void>} */
  #onHistory = new Set();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #isOn = false;
  #asking = 0;
  #wasAway = false;
  #eagerUntil = 0;

  /**
   * @param {Api} api
   * @param {(error: unknown) => void} onTrouble Null when it is over.
   */
  constructor(api, onTrouble) {
    this.api = api;
    this.onTrouble = onTrouble;
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) clearTimeout(this.#timer);
      else if (this.#isOn) void this.look();
    });
  }

  start() {
    this.#isOn = true;
  }

  stop() {
    this.#isOn = false;
    this.status = null;
    clearTimeout(this.#timer);
  }

  /**
   * @param {(status: StatusDocument) => void} listener Called at once, too, when there is a status.
   * @param {AbortSignal} signal
   */
  onStatus(listener, signal) {
    this.#listen(this.#onStatus, listener, signal);
    if (this.status !== null) listener(this.status);
  }

  /** @param {() => void} listener @param {AbortSignal} signal */
  onHistory(listener, signal) {
    this.#listen(this.#onHistory, listener, signal);
  }

  /** Somebody decided something here: all who listen look again. */
  historyChanged() {
    for (const listener of this.#onHistory) listener();
    void this.look();
  }

  /** A turn was asked for, so an import may begin. */
  async expectWork() {
    this.#eagerUntil = performance.now() + EAGER_MS;
    await this.look();
  }

  /** Looks now, and then again and again. */
  async look() {
    const turn = ++this.#asking;
    clearTimeout(this.#timer);
    try {
      const status = await this.api.get("status");
      if (turn === this.#asking && this.#isOn) this.#tell(status);
    } catch (error) {
      this.#wasAway = true;
      if (turn === this.#asking && this.#isOn) this.onTrouble(error);
    }
    if (turn !== this.#asking || !this.#isOn || document.hidden) return;
    const isBusy = this.status?.running || performance.now() < this.#eagerUntil;
    this.#timer = setTimeout(() => void this.look(), isBusy ? BUSY_MS : IDLE_MS);
  }

  /** @param {StatusDocument} status */
  #tell(status) {
    const changed = this.#wasAway || this.status !== null && historyOf(this.status) !== historyOf(status);
    this.status = status;
    this.#wasAway = false;
    this.onTrouble(null);
    for (const listener of this.#onStatus) listener(status);
    if (!changed) return;
    for (const listener of this.#onHistory) listener();
  }

  /**
   * @template T
   * @param {Set<T>} listeners
   * @param {T} listener
   * @param {AbortSignal} signal
   */
  #listen(listeners, listener, signal) {
    if (signal.aborted) return;
    listeners.add(listener);
    signal.addEventListener("abort", () => listeners.delete(listener), { once: true });
  }
}

/**
 * What changes in a status when the history does, or when it can be read again.
 * @param {StatusDocument} status
 */
function historyOf({ last_import_at, running, holds, mail, database }) {
  return JSON.stringify([last_import_at, running?.id, holds, mail.waiting, database.state]);
}
