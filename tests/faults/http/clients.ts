/** Raw-socket clients that keep a connection to a running rosterd open without using it. */
import { readToEnd } from "../../support/connection.ts";

export interface SlowClient {
  name: string;
  /** The bytes that the client sends at once. */
  says: string;
  /** The bytes that the client then sends, once a second. */
  drips?: string;
  /** The server's response before it closes the connection. */
  hears: RegExp;
}

/** The maximum time that a client may keep its connection open. */
export const LONGEST_MS = 30_000;

export function slowClients(token: string): SlowClient[] {
  const known = `Host: localhost\r\nAuthorization: Bearer ${token}\r\n`;
  const patch = `PATCH /settings HTTP/1.1\r\n${known}Content-Type: application/json\r\n`;
  const check = `POST /check?name=x.csv HTTP/1.1\r\n${known}`;
  return [
    { name: "says nothing", says: "", hears: /^$/ },
    { name: "half a request line", says: "GET /heal", hears: /^$/ },
    { name: "half a head", says: "GET /healthz HTTP/1.1\r\nHost: loc", hears: /^$/ },
    { name: "a head that trickles", says: "GET /healthz HTTP/1.1\r\nX: ", drips: "x", hears: /^$/ },
    { name: "a head without end", says: "GET /healthz HTTP/1.1\r\n", drips: "X: y\r\n", hears: /^$/ },
    { name: "idle after an answer", says: "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", hears: /^HTTP\/1.1 200/ },
    { name: "half a body", says: `${patch}Content-Length: 50\r\n\r\n{"interval`, hears: /^HTTP\/1.1 408/ },
    { name: "half a chunk", says: `${patch}Transfer-Encoding: chunked\r\n\r\n32\r\n{"int`, hears: /^HTTP\/1.1 408/ },
    { name: "a body that trickles", says: `${patch}Content-Length: 50\r\n\r\n`, drips: " ", hears: /^HTTP\/1.1 408/ },
    { name: "half a file to check", says: `${check}Content-Length: 50\r\n\r\nunique_id`, hears: /^HTTP\/1.1 408/ },
    {
      name: "half a body without a token",
      says: "PATCH /settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{",
      hears: /^HTTP\/1.1 401/,
    },
    {
      name: "a GET with an endless body",
      says: `GET /status HTTP/1.1\r\n${known}Transfer-Encoding: chunked\r\n\r\n`,
      drips: "1\r\nx\r\n",
      hears: /^HTTP\/1.1 400/,
    },
  ];
}

export interface Held {
  /** Milliseconds until the server closes the connection. */
  ms: number;
  heard: string;
}

/** Keeps a connection open until the server closes it. */
export async function hold(address: URL, { says, drips }: SlowClient): Promise<Held> {
  const began = performance.now();
  using connection = await Deno.connect({ hostname: address.hostname, port: Number(address.port) });
  const send = (text: string) => connection.write(new TextEncoder().encode(text)).catch(() => 0);
  await send(says);
  const dripping = drips === undefined ? undefined : setInterval(() => void send(drips), 1_000);
  try {
    const heard = await readToEnd(connection);
    return { ms: performance.now() - began, heard };
  } finally {
    clearInterval(dripping);
  }
}
