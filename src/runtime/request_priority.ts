/**
 * Long work that lets short work go first: while a roster is read, HTTP answers as if nobody read one. The long work calls
 * {@link RequestPriority.yieldToRequests} often; whoever must not wait says when it begins and when it is over.
 *
 * Waiting for a turn of the event loop is not enough: while there is always something to do, Deno asks the system what has come
 * in at every sixty-first turn only (measured with 2.6.8 and 2.9.6). It has to ask at once when it waits for a socket that has
 * nothing yet. So a byte is sent through one of our own, to be waited for.
 */
import { yieldToEventLoop } from "./yield_to_event_loop.ts";

/** What takes longer is not short, and is no longer waited for: a call that waits for the import itself. */
const SHORT_MS = 20;
/** The work of this time is worth more than asking the system. */
const LISTEN_EVERY_MS = 2;

export class RequestPriority implements Disposable {
  readonly #requests = new Set<Promise<void>>();
  readonly #byte = new Uint8Array(1);
  /** Larger than what comes: only then it is known that no more is there, and that the system has to be asked the next time. */
  readonly #room = new Uint8Array(16);
  #ends: [Deno.Conn, Deno.Conn] | null;
  #listenedAt = 0;
  #hostsTurnUntil = 0;

  private constructor(ends: [Deno.Conn, Deno.Conn]) {
    this.#ends = ends;
  }

  static async open(): Promise<RequestPriority> {
    return new RequestPriority(await ownSocket());
  }

  /** Something short begins. The answer is to be called when it is over. */
  begin(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const over = () => {
      clearTimeout(timer);
      this.#requests.delete(promise);
      resolve();
    };
    const timer = setTimeout(over, SHORT_MS);
    this.#requests.add(promise);
    return over;
  }

  /** Resolves when what is short has had its turn. Under any load half of the time is left for the long work. */
  async yieldToRequests(): Promise<void> {
    if (performance.now() < this.#listenedAt + LISTEN_EVERY_MS) await yieldToEventLoop();
    else await this.#listen();
    const now = performance.now();
    if (this.#requests.size === 0 || now < this.#hostsTurnUntil) return;
    await Promise.all(this.#requests);
    const end = performance.now();
    this.#hostsTurnUntil = end + (end - now);
  }

  async #listen(): Promise<void> {
    if (this.#ends === null) return await yieldToEventLoop();
    const [one, other] = this.#ends;
    try {
      await one.write(this.#byte);
      await other.read(this.#room);
    } catch {
      // Closed meanwhile, or broken by somebody who looks after sockets: then turns of the event loop have to do.
      this[Symbol.dispose]();
    }
    this.#listenedAt = performance.now();
  }

  [Symbol.dispose](): void {
    this.#ends?.forEach((end) => end.close());
    this.#ends = null;
  }
}

/** Both ends of a connection of this process with itself. */
async function ownSocket(): Promise<[Deno.Conn, Deno.Conn]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const one = await Deno.connect({ hostname: "127.0.0.1", port });
  one.setNoDelay();
  const { port: ownPort } = one.localAddr as Deno.NetAddr;
  for (;;) {
    const other = await listener.accept();
    if (other.remoteAddr.port === ownPort) return [one, other];
    // Somebody else was quicker.
    other.close();
  }
}
