/**
 * Calls the service's own HTTP interface, as a client would. If HTTP stops responding, the process ends, so that the
 * supervisor starts a new one. The supervisor is notified only while the loops are making progress
 * (docs/operations.md#watchdog).
 */
import type { Clock } from "../runtime/clock.ts";
import { delay } from "../runtime/delay.ts";
import { codeOrThrow, describeError } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import type { Notify } from "../runtime/notify_socket.ts";

const CHECK_INTERVAL_MS = 10_000;
/**
 * The failed attempts and the pauses between them take two minutes, because a slow disk or a flood of requests may
 * delay a few responses.
 */
const MAX_MISSES = 6;
/**
 * The maximum time without progress. Even a schema upgrade or the merge of a large roster reports progress more
 * frequently.
 */
const MAX_SILENCE_MS = 1_800_000;

export interface WatchdogOptions {
  hostname: string;
  port: number;
  clock: Clock;
  log: Log;
  /** Sends a state to the supervisor; null if no supervisor is listening. */
  notify: Notify | null;
  /**
   * The times when the database monitor and the turns last made progress, by the monotonic clock. Both make progress
   * even if the database is unreachable.
   */
  movedAt: () => Readonly<Record<string, number>>;
  /** Called once when the service no longer responds. */
  onHang: () => void;
  checkIntervalMs?: number;
}

export class Watchdog {
  #misses = 0;
  /** The last fault that was logged. A persistent fault is logged only once. */
  #fault: string | null = null;

  constructor(private readonly options: WatchdogOptions) {}

  async run(signal: AbortSignal): Promise<void> {
    const { checkIntervalMs = CHECK_INTERVAL_MS } = this.options;
    await this.#notify("READY=1");
    const isTime = () => delay(checkIntervalMs, signal).then(() => true, () => false);
    while (await isTime()) await this.#check(checkIntervalMs, signal);
    await this.#notify("STOPPING=1");
  }

  async #check(timeoutMs: number, signal: AbortSignal): Promise<void> {
    const { log, onHang } = this.options;
    const isAnswered = await answers(this.options, timeoutMs, signal);
    if (signal.aborted) return;
    this.#misses = isAnswered ? 0 : this.#misses + 1;
    if (this.#misses === MAX_MISSES) {
      log.error("http_silent", { checks: MAX_MISSES, reason: "the service does not answer its own /healthz" });
      onHang();
    }
    if (isAnswered && this.#allMove()) await this.#notify("WATCHDOG=1");
  }

  #allMove(): boolean {
    const { clock, movedAt } = this.options;
    const stuck = Object.entries(movedAt()).find(([, at]) => clock.elapsed() - at > MAX_SILENCE_MS);
    if (stuck !== undefined) this.#note("loop_stuck", { loop: stuck[0], minutes: MAX_SILENCE_MS / 60_000 });
    return stuck === undefined;
  }

  async #notify(state: string): Promise<void> {
    try {
      await this.options.notify?.(state);
      this.#fault = null;
    } catch (error) {
      this.#note("supervisor_not_told", { state, error: describeError(error) });
    }
  }

  #note(fault: string, fields: Parameters<Log["error"]>[1]): void {
    if (this.#fault !== fault) this.options.log.error(fault, fields);
    this.#fault = fault;
  }
}

type Address = Pick<WatchdogOptions, "hostname" | "port">;

/**
 * Whether the service responds. Closing the connection counts as a response, because the service does so when it has
 * too many clients.
 */
async function answers({ hostname, port }: Address, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  let connection: Deno.Conn;
  try {
    connection = await Deno.connect({ hostname, port, signal: over });
  } catch (error) {
    if (!over.aborted) codeOrThrow(error);
    return false;
  }
  const close = () => connection.close();
  over.addEventListener("abort", close);
  try {
    // The signal is checked here because the listener misses an abort that occurs during the connection attempt.
    // Otherwise, reading would wait forever.
    if (over.aborted) close();
    await connection.write(new TextEncoder().encode("GET /healthz HTTP/1.0\r\n\r\n"));
    await connection.read(new Uint8Array(64));
    return true;
  } catch {
    return !over.aborted;
  } finally {
    over.removeEventListener("abort", close);
    if (!over.aborted) close();
  }
}
