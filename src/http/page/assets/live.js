/**
 * Polls the status: every second during an import, otherwise every ten seconds, and never while the tab is hidden.
 * Notifies listeners of each status update and of changes to the history.
 */

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("./api.js").Api} Api */

const BUSY_MS = 1_000;
const IDLE_MS = 10_000;
/** How long the page polls quickly after a requested scan, because an import may begin. */
const EAGER_MS = 10_000;

export class Live {
  /** @type {StatusDocument | null} The latest status. */
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
   * @param {(error: unknown) => void} onTrouble Called with null when the service answers again.
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
   * @param {(status: StatusDocument) => void} listener Also called at once if a status is known.
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

  /** Makes all listeners reload after a decision on this page. */
  historyChanged() {
    for (const listener of this.#onHistory) listener();
    void this.look();
  }

  /** Polls quickly for a while, because a scan was requested. */
  async expectWork() {
    this.#eagerUntil = performance.now() + EAGER_MS;
    await this.look();
  }

  /** Polls now and schedules the next poll. */
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
 * The parts of a status that change whenever the history changes or becomes readable again.
 * @param {StatusDocument} status
 */
function historyOf({ last_import_at, running, holds, mail, database }) {
  return JSON.stringify([last_import_at, running?.id, holds, mail.waiting, database.state]);
}
