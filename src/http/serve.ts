/**
 * The socket of the HTTP interface, on Node's server: `Deno.serve` has no deadline for anything (platform notes).
 * Deno 2.6 enforces none of Node's either and cannot cut a connection off: there a body that does not come is answered
 * in time (`body.ts`), and closing is over in time, but such a connection stays open until its client or the process ends.
 */
import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { Hono } from "hono";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";

export interface ServeOptions {
  hostname: string;
  /** 0: any free port. */
  port: number;
  /** How long a client may take over the head of a request. */
  headTimeoutMs?: number;
  /** How long a connection may stay open between two requests. */
  idleTimeoutMs?: number;
  /** How long requests may take that are under way when it closes. */
  closeTimeoutMs?: number;
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

/** The address cannot be listened on. `code` is the system's: `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL` … */
export class CannotListen extends Error {
  override readonly name = "CannotListen";
  constructor(readonly code: string, address: string, cause: unknown) {
    super(`cannot listen on ${address} (${code}); choose another address with --listen (ROSTERD_LISTEN)`, { cause });
  }
}

/** Longest time for a whole request: 256 MiB at 0.5 MB a second. */
const REQUEST_TIMEOUT_MS = 10 * 60_000;

/** Listens until `close()` or the signal. Throws {@link CannotListen}. */
export async function serveHttp(app: Hono<HttpEnv>, options: ServeOptions, signal: AbortSignal): Promise<HttpServer> {
  const { headTimeoutMs = 20_000, idleTimeoutMs = 15_000, closeTimeoutMs = 5_000 } = options;
  const listener = getRequestListener((request, env) => app.fetch(request, env as HttpEnv["Bindings"]), {
    overrideGlobalObjects: false,
    errorHandler: () => new Problem(400, "the request cannot be read").response(),
  });
  const server = createServer({
    headersTimeout: headTimeoutMs,
    keepAliveTimeout: idleTimeoutMs,
    requestTimeout: REQUEST_TIMEOUT_MS,
    connectionsCheckingInterval: Math.ceil(headTimeoutMs / 4),
  }, listener);
  const { hostname, port } = await listen(server, options);
  let closed: Promise<void> | undefined;
  const close = () => closed ??= closeGently(server, closeTimeoutMs);
  signal.addEventListener("abort", close, { once: true });
  if (signal.aborted) await close();
  return { hostname, port, url: `http://${inUrl(hostname)}:${port}`, close, [Symbol.asyncDispose]: close };
}

function listen(server: Server, { hostname, port }: ServeOptions): Promise<{ hostname: string; port: number }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ hostname: string; port: number }>();
  server.once(
    "error",
    (error: Error & { code?: string }) =>
      reject(new CannotListen(error.code ?? error.name, `${inUrl(hostname)}:${port}`, error)),
  );
  server.listen(port, hostname, () => {
    const address = server.address();
    if (address === null || typeof address === "string") throw new TypeError("a TCP address is expected");
    resolve({ hostname: address.address, port: address.port });
  });
  return promise;
}

/** Idle connections are closed at once, the others after their answer, all of them in the end. */
async function closeGently(server: Server, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = setTimeout(() => {
    server.closeAllConnections();
    resolve();
  }, timeoutMs);
  server.close(() => resolve());
  await promise;
  clearTimeout(deadline);
}

function inUrl(hostname: string): string {
  return hostname.includes(":") ? `[${hostname}]` : hostname;
}
