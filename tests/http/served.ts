/** The HTTP interface on real sockets, and clients that send raw text. */
import { type HttpServer, serveHttp, type ServeOptions } from "../../src/http/serve.ts";
import type { Download, ImportHistory, Service } from "../../src/http/service.ts";
import { readToEnd } from "../support/connection.ts";
import { ADMIN, testHttp } from "./fake_service.ts";

export const AUTH = `Host: localhost\r\nAuthorization: Bearer ${ADMIN}\r\n`;

export const WAIT = `POST /imports?wait=true HTTP/1.1\r\n${AUTH}Content-Length: 0\r\n\r\n`;

export interface Setup {
  service?: Partial<Service>;
  serve?: Partial<ServeOptions>;
  bodyTimeoutMs?: number;
}

export async function withServer(setup: Setup, work: (server: HttpServer) => Promise<void>) {
  await using http = await testHttp({
    service: setup.service,
    options: { bodyTimeoutMs: setup.bodyTimeoutMs ?? 20_000 },
  });
  const options = { hostname: "127.0.0.1", port: 0, ...setup.serve };
  await using server = await serveHttp(http.app, options, new AbortController().signal);
  await work(server);
}

/** Sends raw text and reads until the server closes the connection. */
export async function talk({ port }: HttpServer, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  return await readToEnd(connection);
}

/** A history that contains only a failed-records file. */
export function historyOf(failedFile: () => Download): ImportHistory {
  return {
    list: never,
    get: never,
    days: never,
    failing: never,
    failures: never,
    held: never,
    changes: never,
    changesFile: never,
    rosterFile: never,
    failedFile: () => Promise.resolve(failedFile()),
  };
}

function never(): never {
  throw new Error("not asked in this test");
}
