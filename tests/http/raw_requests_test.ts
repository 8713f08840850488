/**
 * Requests that no HTTP client would send are refused, and their connections are closed. These requests cause no errors
 * in the service and change no data.
 */
import assert from "node:assert/strict";
import { serveHttp } from "../../src/http/serve.ts";
import { createLog } from "../../src/runtime/log.ts";
import { readToEnd } from "../support/connection.ts";
import { ADMIN, testHttp } from "./fake_service.ts";

const TOKEN = `Authorization: Bearer ${ADMIN}\r\n`;
const KNOWN = `Host: localhost\r\n${TOKEN}`;
const PATCH = `PATCH /settings HTTP/1.1\r\n${KNOWN}Content-Type: application/json\r\n`;
const CHANGE = '{"interval_minutes":9}';

/** The statuses that the server may send for each kind of error; 0 if it closes the connection without a response. */
const REQUESTS: Record<string, { text: string; statuses: number[] }> = {
  "TLS": { text: "\x16\x03\x01\x02\x00\x01\x00", statuses: [0, 400] },
  "bytes that are not HTTP": { text: "\x00\x01\x02\xff\xfe\r\n\r\n", statuses: [0, 400] },
  "a one-megabyte header": {
    text: `GET /nowhere HTTP/1.1\r\n${KNOWN}X: ${"x".repeat(1e6)}\r\n\r\n`,
    statuses: [0, 400, 404, 431],
  },
  "a one-megabyte token": {
    text: `GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${"x".repeat(1e6)}\r\n\r\n`,
    statuses: [0, 400, 401, 431],
  },
  "thousands of headers": {
    text: `GET /status HTTP/1.1\r\n${KNOWN}${"X: y\r\n".repeat(5_000)}\r\n`,
    statuses: [400, 431],
  },
  "a 100 kB path": { text: `GET /${"a".repeat(1e5)} HTTP/1.1\r\n${KNOWN}\r\n`, statuses: [0, 400, 404, 414] },
  "two lengths": { text: `${PATCH}Content-Length: 2\r\nContent-Length: 22\r\n\r\n{}${CHANGE}`, statuses: [400] },
  "a length and chunks": {
    text: `${PATCH}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n`,
    statuses: [400],
  },
  "no host": { text: `GET /status HTTP/1.1\r\n${TOKEN}\r\n`, statuses: [400] },
  "a chunk longer than its size": {
    text: `${PATCH}Transfer-Encoding: chunked\r\n\r\n2\r\n${CHANGE}\r\n0\r\n\r\n`,
    statuses: [0, 400],
  },
  "a chunk with a negative length": {
    text: `${PATCH}Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n`,
    statuses: [0, 400],
  },
  "a chunk of a file longer than its size": {
    text: `POST /check?name=x.csv HTTP/1.1\r\n${KNOWN}Transfer-Encoding: chunked\r\n\r\n2\r\nunique_id\r\n0\r\n\r\n`,
    statuses: [0, 400],
  },
  "an unknown transfer encoding": {
    text: `${PATCH}Transfer-Encoding: xchunked\r\n\r\n${CHANGE}`,
    statuses: [400, 501],
  },
  "a negative length": { text: `${PATCH}Content-Length: -2\r\n\r\n${CHANGE}`, statuses: [400] },
  "a hexadecimal length": { text: `${PATCH}Content-Length: 0x16\r\n\r\n${CHANGE}`, statuses: [400] },
  "a token in a folded header": {
    text: `GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer\r\n ${ADMIN}\r\n\r\n`,
    statuses: [400],
  },
  "a NUL in a header": { text: `GET /status HTTP/1.1\r\n${KNOWN}X: a\x00b\r\n\r\n`, statuses: [400] },
  "two hosts": {
    text: `GET /status HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n${TOKEN}\r\n`,
    statuses: [400, 421],
  },
  "an invalid host": { text: `GET /status HTTP/1.1\r\nHost: a b\r\n${TOKEN}\r\n`, statuses: [400, 421] },
  "CONNECT": { text: `CONNECT evil.example:80 HTTP/1.1\r\n${KNOWN}\r\n`, statuses: [400, 404, 405, 421] },
  "TRACE": { text: `TRACE /status HTTP/1.1\r\n${KNOWN}\r\n`, statuses: [400, 405, 501] },
  "an unknown method": { text: `FOO /status HTTP/1.1\r\n${KNOWN}\r\n`, statuses: [400, 405, 501] },
  "a preflight from another site": {
    text: "OPTIONS /settings HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n" +
      "Access-Control-Request-Method: PATCH\r\n\r\n",
    statuses: [403],
  },
  "a path with invalid escapes": { text: `GET /imports/%zz%00/..%2f HTTP/1.1\r\n${KNOWN}\r\n`, statuses: [400, 404] },
  "a path that is not ASCII": { text: `GET /\xe9\xff HTTP/1.1\r\n${KNOWN}\r\n`, statuses: [400, 404] },
};

Deno.test("Requests that no client would send are refused and closed, and change nothing", async () => {
  const lines: string[] = [];
  const log = createLog({
    level: "debug",
    format: "json",
    now: () => new Date(),
    write: (line) => void lines.push(line),
  });
  await using http = await testHttp({ options: { log } });
  const options = { hostname: "127.0.0.1", port: 0, headTimeoutMs: 3_000 };
  await using server = await serveHttp(http.app, options, new AbortController().signal);
  await Promise.all(
    Object.entries(REQUESTS).map(async ([name, { text, statuses }]) => {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      void send(connection, text);
      const heard = await readToEnd(connection);
      const status = heard === "" ? 0 : Number(/^HTTP\/1\.1 (\d+)/.exec(heard)?.[1]);
      assert.ok(statuses.includes(status), `${name}: ${heard.slice(0, 200)}`);
      assert.ok(!heard.includes(ADMIN), name);
    }),
  );
  assert.deepEqual(lines.filter((line) => line.includes('"error"')), []);
  const answer = await fetch(`${server.url}/settings`, { headers: { authorization: `Bearer ${ADMIN}` } });
  assert.equal((await answer.json()).interval_minutes, 5);
});

/** The bytes are sent unchanged. The server may close the connection before all bytes are sent. */
async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  try {
    for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
  } catch {
    // The server has already sent its response.
  }
}
