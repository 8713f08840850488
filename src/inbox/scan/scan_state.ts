/**
 * What the inbox remembers from one look to the next: how files looked, which taken ones wait anew, which ones could
 * not be moved, and what the log has named already. All of it may be lost in a restart.
 */
import type { WaitingFile } from "../../importer/ports.ts";
import type { Log } from "../../runtime/log.ts";
import { type Fingerprint, SettleTracker } from "./settle.ts";
import { waiting } from "./waiting.ts";

/** How long a file that could not be moved is left before it is tried again. */
const REFUSAL_RETRY_MS = 60_000;

/** Something in the folder that the log names once. */
export interface Notice {
  readonly event: "upload_ignored" | "upload_waiting" | "temporary_file_is_old";
  readonly file: string;
  readonly code?: string;
  readonly text?: string;
}

export class ScanState {
  /** Uploads, by name. */
  readonly settling = new SettleTracker();
  /** Taken uploads that changed while they were read, by key. */
  readonly resettling = new SettleTracker();
  /** The files that were taken, by key: no other one is opened in their place. */
  readonly claimedFiles = new Map<string, Fingerprint>();
  readonly #waitAnew = new Set<string>();
  readonly #refusals = new Map<string, { until: number; file: WaitingFile }>();
  #named = new Map<string, string>();

  /** Makes a taken upload wait until it has settled from the next look on. */
  requireResettle(key: string): void {
    this.resettling.forget(key);
    this.#waitAnew.add(key);
  }

  mustResettle(key: string): boolean {
    return this.#waitAnew.has(key);
  }

  /** Ends the wait of a taken upload: it has settled, or it has gone. */
  endResettle(key: string): void {
    this.resettling.forget(key);
    this.#waitAnew.delete(key);
  }

  /** Lets a file rest that could not be moved, so that it stops nobody else and is not tried in a busy loop. */
  refuse(name: string, code: string, now: number): void {
    this.#refusals.set(name, { until: now + REFUSAL_RETRY_MS, file: waiting.notMovable(name, code) });
  }

  /** Why a file rests; null when it does not. */
  refusal(name: string, now: number): WaitingFile | null {
    const refusal = this.#refusals.get(name);
    if (refusal && now < refusal.until) return refusal.file;
    this.#refusals.delete(name);
    return null;
  }

  /** Forgets the files that are not among `names` any more. */
  keepOnly(names: ReadonlySet<string>): void {
    this.settling.keepOnly(names);
    for (const name of this.#refusals.keys()) if (!names.has(name)) this.#refusals.delete(name);
  }

  /** Writes the notices that the look before did not have. */
  logNews(notices: readonly Notice[], log: Log): void {
    const named = new Map<string, string>();
    for (const { event, ...fields } of notices) {
      const what = `${event} ${fields.code ?? ""}`;
      if (this.#named.get(fields.file) !== what) log.warn(event, fields);
      named.set(fields.file, what);
    }
    this.#named = named;
  }
}
