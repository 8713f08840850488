/**
 * One client connection: answers its requests one at a time and closes without losing the last response. On its own,
 * Node's server would start all pipelined requests at once and would close the connection while the client is still
 * sending. Node's server does enforce the deadlines (`serve.ts`).
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Problem } from "./problem.ts";

export interface Exchange {
  incoming: IncomingMessage;
  outgoing: ServerResponse;
}

/**
 * How long to keep reading after the last response. If the connection is closed while the client is still sending, the
 * system discards the response (RFC 9112, 9.6).
 */
const LINGER_MS = 1_000;
/**
 * Grace period for a client that closes its side after its request, as `nc -N` does. At first, such a client looks like
 * a disconnected client.
 */
const HALF_CLOSED_MS = 1_000;

export class Connection {
  readonly #gone = new AbortController();
  /** The requests in order of arrival. The first request is being answered. */
  readonly #exchanges: Exchange[] = [];
  /** The response to bytes that are not a request, sent after all other responses. */
  #refusal: Problem | null = null;
  #isEnding = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(readonly socket: Socket, private readonly answer: (exchange: Exchange, connection: Connection) => void) {
    socket.once("end", () => this.#expectLeaving());
    socket.once("close", () => this.#close());
    // Node's server calls this after a response with "Connection: close".
    socket.destroySoon = () => this.end();
  }

  /** Aborted when the client has disconnected. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get pending(): number {
    return this.#exchanges.length;
  }

  /** Whether part of a response is waiting for the client to read it. */
  get isSending(): boolean {
    return this.pending > 0 && this.socket.writableLength > 0;
  }

  /** Answers the request after all earlier requests. */
  take(exchange: Exchange): void {
    if (this.#isEnding || this.#refusal !== null) return;
    exchange.outgoing.once("close", () => this.#next());
    if (this.#exchanges.push(exchange) === 1) this.answer(exchange, this);
  }

  /** Refuses the bytes that the client sent after its last request and ends the connection. */
  refuse(problem: Problem): void {
    if (this.#isEnding) return;
    const last = this.#exchanges.at(-1);
    if (last === undefined) return this.#say(problem);
    if (last.incoming.complete) this.#refusal ??= problem;
    // The unreadable bytes belong to the body of this request.
    else if (this.pending === 1 && !last.outgoing.headersSent) this.#say(problem);
    else this.socket.destroy();
  }

  /** Closes the connection after all responses are sent. Reads only briefly after that. */
  end(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.socket.end();
    // Further bytes are discarded and are not parsed as a request.
    this.socket.removeAllListeners("data").resume();
    this.#destroyAfter(LINGER_MS);
  }

  #next(): void {
    this.#exchanges.shift();
    if (this.#isEnding || this.socket.destroyed) return;
    if (this.#exchanges.length > 0) this.answer(this.#exchanges[0], this);
    else if (this.#refusal !== null) this.#say(this.#refusal);
  }

  #say(problem: Problem): void {
    this.socket.write(problem.asText());
    this.end();
    this.#gone.abort();
  }

  /** Called when the client has closed its side. Disconnects soon, unless a response begins first. */
  #expectLeaving(): void {
    if (this.#isEnding || this.pending === 0) return;
    this.#timer = setTimeout(() => {
      if (!this.#exchanges[0]?.outgoing.headersSent) this.socket.destroy();
    }, HALF_CLOSED_MS);
  }

  #destroyAfter(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.socket.destroy(), ms);
  }

  #close(): void {
    this.#isEnding = true;
    clearTimeout(this.#timer);
    this.#gone.abort();
  }
}
