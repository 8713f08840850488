/**
 * The sockets of the HTTP interface: Node's server reads and writes HTTP, and enforces the deadlines for heads, for idle
 * clients, and for clients that do not read their answer. The deadlines of bodies are in `body.ts`. Deno enforces these
 * deadlines from 2.9 on.
 */
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { withTimeout } from "../runtime/with_timeout.ts";
import { Connection, type Exchange } from "./connection.ts";
import { Connections } from "./connections.ts";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";

export interface ServeOptions {
  hostname: string;
  /** 0: any free port. */
  port: number;
  /** How long a client may take to send the head of a request, and may stay idle between two. */
  headTimeoutMs?: number;
  /**
   * How long a client may go without reading any of its answer. Generous: for a client that reads 12 kB a second, the system
   * takes the next piece only after a third of its 4 MB buffer is sent.
   */
  takeTimeoutMs?: number;
  /**
   * Beyond that, one that is idle is closed, or one whose client reads nothing. Each needs a handle, and so do imports.
   */
  mostConnections?: number;
  /** How long running requests may take when it closes. */
  closeTimeoutMs?: number;
  /** Called when a request arrives; the function that it returns is called when the answer has been sent. */
  onRequest?: () => () => void;
}

/** A server that listens. Closing it lets running requests finish. */
export interface HttpServer extends AsyncDisposable {
  readonly hostname: string;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** The address cannot be listened on. `code` is the system's, where it has one: `EADDRINUSE`, `EACCES` … */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
  constructor(readonly code: string, address: string, cause: unknown) {
    super(`cannot listen on ${address} (${code}); choose another address with --listen (ROSTERD_LISTEN)`, { cause });
  }
}

const MAX_CHECK_INTERVAL_MS = 1_000;
/** What Node's server adds to the time of an idle client, so that a request that is on its way is not lost. */
const KEEP_ALIVE_GRACE_MS = 1_000;
/** For all clients together. Each pending request takes some kilobytes, and only a flood has this many at once. */
const MAX_PENDING_REQUESTS = 2_000;
const MAX_HEADERS = 100;

/** Listens until `close()` or the signal. Throws {@link CannotListen}. */
export async function serveHttp(app: Hono<HttpEnv>, options: ServeOptions, signal: AbortSignal): Promise<HttpServer> {
  const service = new HttpService(app, options);
  const { address: hostname, port } = await service.listen();
  const close = () => service.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) await close();
  return { hostname, port, url: `http://${inUrl(hostname)}:${port}`, close, [Symbol.asyncDispose]: close };
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
      // For a client of HTTP/1.0, which need not say it.
      hostname: inUrl(options.hostname),
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
      // Bodies have deadlines that depend on the call.
      requestTimeout: 0,
      // Refused below, with a reason.
      requireHostHeader: false,
    });
    server.timeout = takeTimeoutMs;
    // Not in the types. A client that closes its side after its request still wants the answer.
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
      throw new CannotListen(codeOf(error), `${inUrl(hostname)}:${port}`, error);
    }
    this.#stopAccepting = keepAccepting(this.#server);
    // A connection that cannot be accepted is not the end of the service.
    this.#server.on("error", () => {});
    return this.#server.address() as AddressInfo;
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Idle connections are closed at once, the others after their answer, all of them in the end. */
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
    // Deno 2.6, with which the binary is verified, reports only requests.
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
    // Bytes that have not arrived by now are not read.
    if (incoming.complete === false || this.#closed !== undefined) answer.headers.set("connection", "close");
    return answer;
  }

  /** Null: no answer is sent. */
  #refuse(socket: Socket, problem: Problem | null): void {
    const connection = this.#connections.of(socket);
    if (connection === undefined || problem === null) socket.destroy();
    else connection.refuse(problem);
  }

  /** After a time without a byte in either direction. The service may take longer over a request than its client. */
  #destroyIfIdle(socket: Socket): void {
    const connection = this.#connections.of(socket);
    if (connection === undefined || connection.pending === 0 || connection.isSending) socket.destroy();
  }
}

/** What to say to a client whose bytes are not a request; null: nothing, since it is late, has gone, or speaks HTTP/2. */
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

/** What Node's server accepts but this service does not. */
function problemOfHead({ headers, httpVersion, rawHeaders }: IncomingMessage): Problem | null {
  const close = { headers: { connection: "close" } };
  if (rawHeaders.length / 2 > MAX_HEADERS) return new Problem(431, "there are too many headers", close);
  const isWithoutHost = headers.host === undefined && httpVersion !== "1.0";
  return isWithoutHost ? new Problem(400, "the request must have a Host header", close) : null;
}

/** A host name that cannot be resolved has its own codes, which differ between systems. */
function codeOf(error: unknown): string {
  const { code = "", syscall } = error as { code?: string; syscall?: string };
  return code === "" || syscall === "getaddrinfo" ? "no such address" : code;
}

function inUrl(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}

/** During a shorter outage, clients wait in the system's queue. */
const LISTEN_AGAIN_MS = 1_000;
/** The length of that queue; the default of Node's servers. */
const BACKLOG = 511;

interface Listening {
  _handle?: { listen?(backlog: number): number } | null;
}

/**
 * Once the process runs out of file handles (EMFILE), Deno stops accepting connections and reports no error (measured with
 * 2.9.6). Listening again on the same socket resumes accepting, and changes nothing if it works. Returns a function that
 * stops this.
 */
function keepAccepting(server: Server): () => void {
  const timer = setInterval(() => (server as Listening)._handle?.listen?.(BACKLOG), LISTEN_AGAIN_MS);
  return () => clearInterval(timer);
}
