/**
 * The sockets of the HTTP interface. `Deno.serve` reads and writes HTTP inside, on a port of loopback that answers nobody but
 * this file; in front of it stands one {@link Connection} for each client, which is cut off when it keeps nobody busy. So half
 * a head, an idle client, and one that takes no answer have a deadline on every Deno; bodies have theirs in `body.ts`.
 */
import type { Hono } from "hono";
import { pause } from "../runtime/pause.ts";
import { within } from "../runtime/within.ts";
import { Connection } from "./connection.ts";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";

export interface ServeOptions {
  hostname: string;
  /** 0: any free port. */
  port: number;
  /** How long a client may take over the whole head of a request, and stay idle between two. */
  headTimeoutMs?: number;
  /**
   * How long a client may take nothing of its answer. Generous: to a client of 12 kB a second the system hands the next piece
   * only when a third of the 4 MB that it keeps have gone.
   */
  takeTimeoutMs?: number;
  /** With more, one that is idle gives way, or one whose client takes nothing. Each takes three handles, and imports need some, too. */
  mostConnections?: number;
  /** How long requests may take that are under way when it closes. */
  closeTimeoutMs?: number;
  /** Called when a request comes in, with its first word; what it answers, when the answer has gone out. */
  onRequest?: () => () => void;
}

/** A server that listens. Closing it lets requests end that are under way. */
export interface HttpServer extends AsyncDisposable {
  readonly hostname: string;
  /** The real one, also where any free port was asked for. */
  readonly port: number;
  /** `http://127.0.0.1:8080`. */
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

/** After a connection that could not be taken, for want of handles. */
const BREATHER_MS = 100;

/** Listens until `close()` or the signal. Throws {@link CannotListen}. */
export async function serveHttp(app: Hono<HttpEnv>, options: ServeOptions, signal: AbortSignal): Promise<HttpServer> {
  const listener = listen(options);
  const server = new FrontedServer(app, listener, options);
  const { hostname, port } = listener.addr;
  const close = () => server.close();
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) await close();
  return { hostname, port, url: `http://${inUrl(hostname)}:${port}`, close, [Symbol.asyncDispose]: close };
}

class FrontedServer {
  readonly #connections = new Set<Connection>();
  /** By the port from which each is handed on. */
  readonly #byPort = new Map<number, Connection>();
  readonly #inside: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();
  readonly #accepting: Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(
    private readonly app: Hono<HttpEnv>,
    private readonly listener: Deno.TcpListener,
    private readonly options: ServeOptions,
  ) {
    this.#inside = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {}, onError: () => unreadable().response() },
      (request, info) => this.#answer(request, info),
    );
    this.#accepting = this.#accept();
  }

  close(): Promise<void> {
    return this.#closed ??= this.#close();
  }

  /** Idle connections are closed at once, the others after their answer, all of them in the end. */
  async #close(): Promise<void> {
    this.#stop.abort();
    this.listener.close();
    await this.#accepting;
    for (const connection of this.#connections) if (!connection.isBusy) connection.cut();
    const answered = Promise.all([this.#inside.shutdown(), ...[...this.#connections].map((each) => each.answered)]);
    await within(this.options.closeTimeoutMs ?? 5_000, answered).catch(() => {});
    for (const connection of this.#connections) connection.cut();
  }

  async #accept(): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      try {
        this.#take(await this.listener.accept());
      } catch {
        await pause(BREATHER_MS, signal).catch(() => {});
      }
    }
  }

  #take(client: Deno.TcpConn): void {
    const { headTimeoutMs = 20_000, takeTimeoutMs = 120_000, mostConnections = 100, onRequest } = this.options;
    if (this.#connections.size >= mostConnections) this.#makeRoom();
    const connection = new Connection(client, { headMs: headTimeoutMs, takeMs: takeTimeoutMs }, onRequest);
    this.#connections.add(connection);
    let ownPort = -1;
    const known = (port: number) => void this.#byPort.set(ownPort = port, connection);
    void connection.run(this.#inside.addr, known).finally(() => {
      this.#connections.delete(connection);
      if (this.#byPort.get(ownPort) === connection) this.#byPort.delete(ownPort);
    });
  }

  /** Of several, the one that was used longest ago goes. Whoever waits for an answer stays. */
  #makeRoom(): void {
    const all = [...this.#connections];
    (all.find((each) => !each.isBusy) ?? all.find((each) => each.isHandingBack))?.cut();
  }

  async #answer(request: Request, { remoteAddr, completed }: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response> {
    // Another address of loopback may have the same port.
    const connection = remoteAddr.hostname === "127.0.0.1" ? this.#byPort.get(remoteAddr.port) : undefined;
    if (connection === undefined) return new Problem(403, "nobody is answered here").response();
    connection.requestBegins();
    let isLast = false;
    // Whatever becomes of the answer, also when none could be made.
    const isOver = () => {
      connection.answerIsOver(isLast);
      this.#isLatest(connection);
    };
    completed.then(isOver, isOver);
    const { address, gone } = connection;
    const answer = await this.app.fetch(request, { address, gone });
    if (request.body !== null && !request.bodyUsed) answer.headers.set("connection", "close");
    isLast = answer.headers.get("connection") === "close";
    return answer;
  }

  /** Of those that are idle, it is the last to give way. */
  #isLatest(connection: Connection): void {
    if (this.#connections.delete(connection)) this.#connections.add(connection);
  }
}

function listen({ hostname, port }: ServeOptions): Deno.TcpListener {
  try {
    return Deno.listen({ hostname, port });
  } catch (error) {
    // The system gives no code for a name that it does not know.
    const { code = "no such address" } = error as { code?: string };
    throw new CannotListen(code, `${inUrl(hostname)}:${port}`, error);
  }
}

function unreadable(): Problem {
  return new Problem(400, "the request cannot be read");
}

function inUrl(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
