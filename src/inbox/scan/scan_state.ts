/** Keeps the state of the inbox between scans. It is safe to lose this state in a restart. */
import type { WaitingFile } from "../../importer/inbox_port.ts";
import type { Log } from "../../runtime/log.ts";
import { type Fingerprint, SettleTracker } from "./settle.ts";
import { waiting } from "./waiting.ts";

const REFUSAL_RETRY_MS = 60_000;

/** A notice is logged again only after a change. */
export interface Notice {
  readonly event: "upload_ignored" | "upload_waiting" | "temporary_file_is_old";
  readonly file: string;
  readonly code?: string;
  readonly text?: string;
}

export class ScanState {
  readonly settling = new SettleTracker();
  /** Claimed uploads that changed while rosterd was reading them, by key. */
  readonly resettling = new SettleTracker();
  /** Claimed files by key, so that rosterd never opens another file with the same name. */
  readonly claimedFiles = new Map<string, Fingerprint>();
  readonly #mustResettle = new Set<string>();
  readonly #refusals = new Map<string, { until: number; file: WaitingFile }>();
  #named = new Map<string, string>();

  /** Makes a claimed upload wait until it has settled again. The next scan observes the upload first. */
  requireResettle(key: string): void {
    this.resettling.forget(key);
    this.#mustResettle.add(key);
  }

  mustResettle(key: string): boolean {
    return this.#mustResettle.has(key);
  }

  endResettle(key: string): void {
    this.resettling.forget(key);
    this.#mustResettle.delete(key);
  }

  /**
   * Postpones a file that could not be moved. Other files can then proceed, and rosterd does not retry in a busy loop.
   */
  refuse(name: string, code: string, now: number): void {
    this.#refusals.set(name, { until: now + REFUSAL_RETRY_MS, file: waiting.notMovable(name, code) });
  }

  refusal(name: string, now: number): WaitingFile | null {
    const refusal = this.#refusals.get(name);
    if (refusal && now < refusal.until) return refusal.file;
    this.#refusals.delete(name);
    return null;
  }

  keepOnly(names: ReadonlySet<string>): void {
    this.settling.keepOnly(names);
    for (const name of this.#refusals.keys()) if (!names.has(name)) this.#refusals.delete(name);
  }

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
