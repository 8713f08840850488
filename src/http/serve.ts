/**
 * The sockets of the HTTP interface. Node's server reads and writes HTTP and enforces the deadlines for request
 * headers, idle clients, and clients that do not read their response. Deno has enforced these deadlines since 2.9.
 * Deadlines for bodies are in `body.ts`.
 */
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { urlHost } from "../runtime/url_host.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import { Connection, type Exchange } from "./connection.ts";
import { Connections } from "./connections.ts";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";

export interface ServeOptions {
  hostname: string;
  /** The port; 0 for any free port. */
  port: number;
  /** Time limits for sending the headers of a request, and for staying idle between requests. */
  headTimeoutMs?: number;
  /**
   * How long a client may go without reading any of its response. The limit is generous, because a slow client looks
   * idle. The system accepts more data only after a third of its 4 MB buffer is sent. At 12 kB a second, that takes
   * almost two minutes.
   */
  takeTimeoutMs?: number;
  /**
   * The maximum number of connections. Beyond this limit, rosterd closes an idle connection, or a connection whose
   * client is not reading. Each connection needs a file handle, and imports need file handles, too.
   */
  mostConnections?: number;
  /** How long running requests may take to finish when the server closes. */
  closeTimeoutMs?: number;
  /** Called when a request arrives; the function that it returns is called when the response has been sent. */
  onRequest?: () => () => void;
}

/** A listening server. A call to `close` lets running requests finish. */
export interface HttpServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Thrown if the service cannot listen on the address. `code` is the system's error code, if any: `EADDRINUSE`, `EACCES`
 * …
 */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
  constructor(readonly code: string, address: string, cause: unknown) {
    super(`cannot listen on ${address} (${code}); choose another address with --listen (ROSTERD_LISTEN)`, { cause });
  }
}

const MAX_CHECK_INTERVAL_MS = 1_000;
/** Node's server adds this time to the idle time, so that a request that is already on its way is not lost. */
const KEEP_ALIVE_GRACE_MS = 1_000;
/**
 * The maximum number of pending requests across all clients. Each pending request takes a few kilobytes, and only a
 * flood of requests reaches this number.
 */
const MAX_PENDING_REQUESTS = 2_000;
const MAX_HEADERS = 100;

/** Listens until `close()` is called or the signal aborts. Throws {@link CannotListen}. */
export async function serveHttp(app: Hono<HttpEnv>, options: ServeOptions, signal: AbortSignal): Promise<HttpServer> {
  const service = new HttpService(app, options);
  const { address: hostname, port } = await service.listen();
  const close = () => service.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) await close();
  return { hostname, port, url: `http://${urlHost(hostname)}:${port}`, close, [Symbol.asyncDispose]: close };
}

class HttpService {
  readonly #connections: Connections;
  readonly #server: Server;
  readonly #answer: (exchange: Exchange, connection: Connection) => void;
  #stopAccepting = () => {};
  #closed: Promise<void> | undefined;

  constructor(private readonly app: Hono<HttpEnv>, private readonly options: ServeOptions) {
    this.#connections = new Connections(options.mostConnections ?? 100);
    const listener = getRequestListener((request, env) => this.#fetch(request, env.incoming as IncomingMessage), {
      // The host name for HTTP/1.0 clients, which may omit the Host header.
      hostname: urlHost(options.hostname),
      errorHandler: () => unreadable().response(),
      overrideGlobalObjects: false,
      autoCleanupIncoming: false,
    });
    this.#answer = ({ incoming, outgoing }) => void listener(incoming, outgoing);
    this.#server = this.#createServer();
  }

  #createServer(): Server {
    const { headTimeoutMs = 20_000, takeTimeoutMs = 120_000 } = this.options;
    const server = createServer({
      headersTimeout: headTimeoutMs,
      keepAliveTimeout: Math.max(1, headTimeoutMs - KEEP_ALIVE_GRACE_MS),
      connectionsCheckingInterval: Math.min(MAX_CHECK_INTERVAL_MS, headTimeoutMs / 4),
      // This deadline is turned off, because the deadline for a body depends on the call.
      requestTimeout: 0,
      // `problemOfHead` refuses such requests with a reason.
      requireHostHeader: false,
    });
    server.timeout = takeTimeoutMs;
    // A client that closes its side after its request still expects the response. The type definitions lack this
    // option.
    Object.assign(server, { httpAllowHalfOpen: true });
    server.on("connection", (socket) => this.#connect(socket));
    server.on("request", (incoming, outgoing) => this.#take({ incoming, outgoing }));
    server.on("connect", (_, socket: Socket) => this.#refuse(socket, new Problem(405, "CONNECT is not supported")));
    server.on("clientError", (error, socket: Socket) => this.#refuse(socket, problemOf(error)));
    server.on("timeout", (socket) => this.#destroyIfIdle(socket));
    return server;
  }

  async listen(): Promise<AddressInfo> {
    const { hostname, port } = this.options;
    try {
      this.#server.listen(port, hostname);
      await once(this.#server, "listening");
    } catch (error) {
      throw new CannotListen(codeOf(error), `${urlHost(hostname)}:${port}`, error);
    }
    this.#stopAccepting = keepAccepting(this.#server);
    // A connection that cannot be accepted must not end the service.
    this.#server.on("error", () => {});
    return this.#server.address() as AddressInfo;
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Closes idle connections at once, and other connections after their response or after a timeout. */
  async #close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#stopAccepting();
    this.#server.close();
    this.#connections.destroyIdle();
    await withTimeout(this.options.closeTimeoutMs ?? 5_000, this.#connections.allAnswered()).catch(() => {});
    this.#connections.destroyAll();
    await closed;
  }

  #connect(socket: Socket): Connection {
    const connection = new Connection(socket, this.#answer);
    this.#connections.add(connection);
    return connection;
  }

  #take(exchange: Exchange): void {
    const { incoming: { socket }, outgoing } = exchange;
    if (socket.destroyed) return;
    // Deno 2.6, with which the binary is also tested, emits an event for each request but not for each connection.
    const connection = this.#connections.of(socket) ?? this.#connect(socket);
    if (this.#connections.pending >= MAX_PENDING_REQUESTS) return void socket.destroy();
    const onAnswered = this.options.onRequest?.();
    connection.take(exchange);
    outgoing.once("close", () => {
      this.#connections.touch(connection);
      onAnswered?.();
    });
  }

  async #fetch(request: Request, incoming: IncomingMessage): Promise<Response> {
    const problem = problemOfHead(incoming);
    if (problem !== null) return problem.response();
    const connection = this.#connections.of(incoming.socket);
    const answer = await this.app.fetch(request, { address: incoming.socket.remoteAddress, gone: connection?.gone });
    // Any bytes that arrive later are not read.
    if (incoming.complete === false || this.#closed !== undefined) answer.headers.set("connection", "close");
    return answer;
  }

  /** Sends no response if `problem` is null. */
  #refuse(socket: Socket, problem: Problem | null): void {
    const connection = this.#connections.of(socket);
    if (connection === undefined || problem === null) socket.destroy();
    else connection.refuse(problem);
  }

  /** Destroys a connection that has had no traffic for a while, unless its client is waiting for the service. */
  #destroyIfIdle(socket: Socket): void {
    const connection = this.#connections.of(socket);
    if (connection === undefined || connection.pending === 0 || connection.isSending) socket.destroy();
  }
}

/**
 * The response to bytes that are not a request. Null if no response is sent, because the client was too slow, has
 * disconnected, or speaks HTTP/2.
 */
function problemOf(error: Error): Problem | null {
  const { code = "", rawPacket } = error as { code?: string; rawPacket?: Uint8Array };
  if (code === "HPE_HEADER_OVERFLOW") {
    const isLine = rawPacket !== undefined && !rawPacket.includes(0x0a);
    return isLine ? new Problem(414, "the path is too long") : new Problem(431, "the headers are too long");
  }
  return code.startsWith("HPE_") && code !== "HPE_PAUSED_H2_UPGRADE" ? unreadable() : null;
}

function unreadable(): Problem {
  return new Problem(400, "the request cannot be read");
}

/** Refuses requests that Node's server accepts but this service does not. */
function problemOfHead({ headers, httpVersion, rawHeaders }: IncomingMessage): Problem | null {
  const close = { headers: { connection: "close" } };
  if (rawHeaders.length / 2 > MAX_HEADERS) return new Problem(431, "the request has too many headers", close);
  const isWithoutHost = headers.host === undefined && httpVersion !== "1.0";
  return isWithoutHost ? new Problem(400, "the request must have a Host header", close) : null;
}

/** Different systems use different codes for a host name that cannot be resolved. */
function codeOf(error: unknown): string {
  const { code = "", syscall } = error as { code?: string; syscall?: string };
  return code === "" || syscall === "getaddrinfo" ? "no such address" : code;
}

/** The interval between calls to `listen`. During a shorter outage, clients wait in the system's queue. */
const LISTEN_AGAIN_MS = 1_000;
/** The length of the system's queue, which is also the default of Node's servers. */
const BACKLOG = 511;

interface Listening {
  _handle?: { listen?(backlog: number): number } | null;
}

/**
 * When the process runs out of file handles (EMFILE), Deno stops accepting connections and reports no error (measured
 * with 2.9.6). Another call to listen on the same socket makes Deno accept connections again and has no other effect.
 * Returns a function that stops the calls.
 */
function keepAccepting(server: Server): () => void {
  const timer = setInterval(() => (server as Listening)._handle?.listen?.(BACKLOG), LISTEN_AGAIN_MS);
  return () => clearInterval(timer);
}
