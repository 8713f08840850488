/**
 * One client's connection, handed on to the HTTP server inside this process and cut off when it keeps nobody busy: neither
 * `Deno.serve` nor, on Deno 2.6, Node's server can cut a single connection (platform notes). Of what passes it knows only how
 * HTTP/2 begins; `serve.ts` tells it when a request begins and when its answer is over.
 */
import { within } from "../runtime/within.ts";

export interface Patience {
  /** For the whole head of a request, however it trickles; for the first one from the connection on. */
  headMs: number;
  /** For a client that takes nothing of its answer. */
  takeMs: number;
}

/** For what a client still sends after its last answer: closing at once would destroy the answer on its way. */
const LINGER_MS = 1_000;
/** For the answer to a client that ends its side with its request, as `nc -N` does; one that has gone looks the same. */
const HALF_CLOSED_MS = 1_000;
const CHUNK_BYTES = 64 * 1024;
/** How HTTP/2 begins, and no request of HTTP/1. It is refused: deadlines and `Connection: close` are made for one request at a time. */
const HTTP2 = new TextEncoder().encode("PRI ");
/** What is handed on before a request begins; more waits for that, so that nobody without a token fills the memory with heads. */
const MOST_HEAD_BYTES = 32 * 1024;

export class Connection {
  /** Resolves when all that is to be answered has been handed to the client. */
  readonly answered: Promise<void>;
  /** Whether a piece of an answer is on its way to the client, which may be slow, long after the server is done with it. */
  isHandingBack = false;
  readonly #answered = Promise.withResolvers<void>();
  readonly #gone = new AbortController();
  #inside: Deno.TcpConn | null = null;
  #requests = 0;
  /** Handed on since the last answer, before a request began. */
  #ahead = 0;
  #begun = Promise.withResolvers<void>();
  #over = Promise.withResolvers<void>();
  #isLast = false;
  /** Whether what the client still sends is of use. */
  #isWanted = true;
  #isAnswered = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Ends what began with the first word of a request. */
  #isServed: (() => void) | null = null;

  /** `onWord` is called when a request comes in; what it answers, when the answer has gone out. */
  constructor(
    private readonly client: Deno.TcpConn,
    private readonly patience: Patience,
    private readonly onWord: () => () => void = () => () => {},
  ) {
    this.answered = this.#answered.promise;
  }

  get address(): string {
    return this.client.remoteAddr.hostname;
  }

  /** Aborted when the client has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Whether a request or its answer is under way. */
  get isBusy(): boolean {
    return this.#requests > 0 || this.isHandingBack;
  }

  /**
   * Hands on until the connection ends, whoever ends it. Connects to the server inside only when there is something to
   * hand on; `known` gets the port that this connection has there.
   */
  async run(server: { hostname: string; port: number }, known: (port: number) => void): Promise<void> {
    this.#cutAfter(this.patience.headMs);
    try {
      const buffer = new Uint8Array(CHUNK_BYTES);
      const length = await this.#readAtLeast(HTTP2.length, buffer);
      this.#isServed = this.onWord();
      if (length === null || HTTP2.every((byte, index) => buffer[index] === byte)) return;
      this.#inside = await Deno.connect({ hostname: server.hostname, port: server.port });
      for (const side of [this.client, this.#inside]) side.setNoDelay();
      known(this.#inside.localAddr.port);
      await Promise.all([this.#handOn(this.#inside, buffer, length), this.#handBack(this.#inside)]);
    } catch {
      // Cut off, from either side: there is nobody to tell.
    } finally {
      this.cut();
    }
  }

  /** Null: the client has ended before. */
  async #readAtLeast(least: number, buffer: Uint8Array): Promise<number | null> {
    let length = 0;
    while (length < least) {
      const more = await this.client.read(buffer.subarray(length));
      if (more === null) return null;
      length += more;
    }
    return length;
  }

  requestBegins(): void {
    if (this.#requests === 0) this.#over = Promise.withResolvers();
    this.#requests++;
    this.#ahead = 0;
    this.#begun.resolve();
    clearTimeout(this.#timer);
  }

  /** `isLast`: what the client still sends is neither waited for nor handed on. */
  answerIsOver(isLast: boolean): void {
    this.#requests--;
    if (this.#requests > 0 || this.#isAnswered) return;
    this.#over.resolve();
    this.#begun = Promise.withResolvers();
    this.#isLast = isLast;
    if (isLast) this.#wantNoMore();
    this.#waitForNext();
  }

  #serveNoMore(): void {
    this.#isServed?.();
    this.#isServed = null;
  }

  /** Ends it now. */
  cut(): void {
    clearTimeout(this.#timer);
    this.#serveNoMore();
    this.#isAnswered = true;
    this.#isWanted = false;
    this.#begun.resolve();
    this.#over.resolve();
    this.#answered.resolve();
    this.#gone.abort();
    close(this.client);
    if (this.#inside !== null) close(this.#inside);
  }

  /** When nothing is under way any more, the client has its time for what it says next. */
  #waitForNext(): void {
    if (this.isBusy || this.#isAnswered) return;
    this.#cutAfter(this.#isLast ? LINGER_MS : this.patience.headMs);
  }

  #cutAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.cut(), ms);
  }

  #wantNoMore(): void {
    this.#isWanted = false;
    this.#begun.resolve();
    if (this.#inside !== null) void succeeds(this.#inside.closeWrite());
  }

  /** From the client to the server; what that does not want is read all the same, or the answer would be destroyed. */
  async #handOn(inside: Deno.TcpConn, buffer: Uint8Array, firstLength: number): Promise<void> {
    for (let length: number | null = firstLength; length !== null; length = await this.client.read(buffer)) {
      this.#isServed ??= this.onWord();
      // Before it is handed on: the request may begin, and be over, meanwhile.
      if (this.#requests === 0 && this.#isWanted) this.#ahead += length;
      if (this.#isWanted && !await succeeds(writeAll(inside, buffer.subarray(0, length)))) this.#isWanted = false;
      if (this.#ahead >= MOST_HEAD_BYTES) await this.#begun.promise;
    }
    if (this.#requests > 0 || this.#ahead > 0) await within(HALF_CLOSED_MS, this.#untilOver()).catch(() => {});
    this.#gone.abort();
    this.#wantNoMore();
  }

  async #untilOver(): Promise<void> {
    if (this.#requests === 0) await this.#begun.promise;
    await this.#over.promise;
  }

  /** From the server to the client. */
  async #handBack(inside: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (;;) {
      // A server that wants no more of a body may cut its side; what it said before is on its way to the client.
      const length = await inside.read(buffer).catch(() => null);
      if (length === null) break;
      this.isHandingBack = true;
      clearTimeout(this.#timer);
      await within(this.patience.takeMs, writeAll(this.client, buffer.subarray(0, length)));
      this.isHandingBack = false;
      if (this.#requests === 0) this.#serveNoMore();
      this.#waitForNext();
    }
    await this.client.closeWrite();
    this.#isAnswered = true;
    this.#wantNoMore();
    this.#answered.resolve();
    this.#cutAfter(LINGER_MS);
  }
}

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) written += await conn.write(bytes.subarray(written));
}

async function succeeds(work: Promise<unknown>): Promise<boolean> {
  return await work.then(() => true, () => false);
}

function close(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
