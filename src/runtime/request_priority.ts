/**
 * Gives HTTP requests priority while a roster is read (docs/reliability.md#requests-first).
 *
 * Yielding to the event loop is not enough: a busy Deno polls for new input only every 61st turn (measured with 2.6.8
 * and 2.9.6). Deno polls at once when a program waits for data on an empty socket. This class therefore sends a byte to
 * its own socket and waits for it.
 */
import { yieldToEventLoop } from "./yield_to_event_loop.ts";

/** After this time, a request loses its priority because it may be waiting for the import to end. */
const MAX_PRIORITY_MS = 20;
/** The minimum time between two polls. Polling more often would cost more than it would gain. */
const POLL_INTERVAL_MS = 2;

export class RequestPriority implements Disposable {
  readonly #requests = new Set<Promise<void>>();
  readonly #byte = new Uint8Array(1);
  /** The buffer is larger than any message, so each read empties the socket, and the next read has to poll. */
  readonly #room = new Uint8Array(16);
  #polledAt = 0;
  #importTurnEndsAt = 0;

  private constructor(private ends: [Deno.Conn, Deno.Conn] | null) {}

  static async open(): Promise<RequestPriority> {
    return new RequestPriority(await connectToSelf());
  }

  /** Marks the start of a request. The caller must call the returned function when the request ends. */
  begin(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => {
      clearTimeout(timer);
      this.#requests.delete(promise);
      resolve();
    };
    const timer = setTimeout(end, MAX_PRIORITY_MS);
    this.#requests.add(promise);
    return end;
  }

  /** Resolves when the current requests have ended. Even under constant load, the import gets half of the time. */
  async yieldToRequests(): Promise<void> {
    if (performance.now() < this.#polledAt + POLL_INTERVAL_MS) await yieldToEventLoop();
    else await this.#poll();
    const now = performance.now();
    if (this.#requests.size === 0 || now < this.#importTurnEndsAt) return;
    await Promise.all(this.#requests);
    const end = performance.now();
    this.#importTurnEndsAt = end + (end - now);
  }

  async #poll(): Promise<void> {
    if (this.ends === null) return await yieldToEventLoop();
    const [one, other] = this.ends;
    try {
      await one.write(this.#byte);
      await other.read(this.#room);
    } catch {
      // Another program may have closed the socket. Yielding to the event loop works without the socket.
      this[Symbol.dispose]();
    }
    this.#polledAt = performance.now();
  }

  [Symbol.dispose](): void {
    this.ends?.forEach((end) => end.close());
    this.ends = null;
  }
}

async function connectToSelf(): Promise<[Deno.Conn, Deno.Conn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const one = await Deno.connect({ hostname: "127.0.0.1", port });
  one.setNoDelay();
  const { port: ownPort } = one.localAddr as Deno.NetAddr;
  for (;;) {
    const other = await listener.accept();
    if (other.remoteAddr.port === ownPort) return [one, other];
    // The connection came from another program, so it is closed.
    other.close();
  }
}
