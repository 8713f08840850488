import assert from "node:assert/strict";
import { CannotListen, serveHttp } from "../../src/http/serve.ts";
import { readToEnd } from "../support/connection.ts";
import { ADMIN, testHttp } from "./fake_service.ts";
import { AUTH, historyOf, talk, WAIT, withServer } from "./served.ts";

Deno.test("The server listens on the port that the system chose, and sends the security headers", async () => {
  await withServer({}, async (server) => {
    assert.ok(server.port > 0);
    const answer = await fetch(`${server.url}/healthz`);
    assert.deepEqual(await answer.json(), { alive: true });
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  });
});

Deno.test("An address in use is reported with its error code, and an invalid address in words", async () => {
  await withServer({}, async (server) => {
    await using http = await testHttp();
    await assert.rejects(
      serveHttp(http.app, { hostname: "127.0.0.1", port: server.port }, new AbortController().signal),
      (error: unknown) => error instanceof CannotListen && error.code === "EADDRINUSE",
    );
    await assert.rejects(
      serveHttp(http.app, { hostname: "nowhere.invalid", port: 0 }, new AbortController().signal),
      (error: unknown) => error instanceof CannotListen && /nowhere\.invalid:0 \(no such address\)/.test(error.message),
    );
  });
});

Deno.test({
  name: "The server listens on a single port",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await withServer({}, async (server) => assert.deepEqual(await ownPorts(), [server.port]));
  },
});

Deno.test("An incomplete body gets 408, and the connection is closed", async () => {
  await withServer({ bodyTimeoutMs: 200 }, async (server) => {
    const head = `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n`;
    assert.match(await talk(server, head + '{"interval'), /^HTTP\/1.1 408/);
  });
});

Deno.test("An incomplete file for a check gets 408, and the connection is closed", async () => {
  await withServer({ bodyTimeoutMs: 200 }, async (server) => {
    const head = `POST /check?name=x.csv HTTP/1.1\r\n${AUTH}Content-Length: 50\r\n\r\n`;
    assert.match(await talk(server, head + "unique_id"), /^HTTP\/1.1 408/);
  });
});

Deno.test("A body without a length is refused with 413 after 64 KiB", async () => {
  await withServer({}, async (server) => {
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    const head =
      `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    assert.match(await talk(server, head + chunk.repeat(3)), /^HTTP\/1.1 413/);
  });
});

Deno.test("Bytes beyond the declared length of a body are ignored", async () => {
  await withServer({}, async (server) => {
    const head = `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n`;
    assert.match(await talk(server, head + '{}{"interval_minutes":9}\r\n\r\n'), /HTTP\/1.1 400/);
    const answer = await fetch(`${server.url}/settings`, { headers: { authorization: `Bearer ${ADMIN}` } });
    assert.equal((await answer.json()).interval_minutes, 5);
  });
});

Deno.test("A request with both a length and chunks, and one without a Host, are refused and closed", async () => {
  await withServer({}, async (server) => {
    const patch = `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\n`;
    const smuggled = `${patch}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`;
    assert.match(await talk(server, smuggled), /^HTTP\/1.1 400[^]*application\/problem\+json/);
    const nameless = AUTH.replace(/Host:.*\r\n/, "");
    assert.match(
      await talk(server, `GET /status HTTP/1.1\r\n${nameless}\r\n`),
      /^HTTP\/1.1 400[^]*must have a Host header/,
    );
    assert.match(await talk(server, "GET /healthz HTTP/1.0\r\n\r\n"), /^HTTP\/1.1 200/);
  });
});

Deno.test("A GET with an endless body is refused, and its connection is closed", async () => {
  await withServer({}, async (server) => {
    const answer = await talk(server, `GET /status HTTP/1.1\r\n${AUTH}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`);
    assert.match(answer, /^HTTP\/1.1 400/);
  });
});

Deno.test("The server does not wait for the body of a request without a token", async () => {
  await withServer({}, async (server) => {
    const answer = await talk(
      server,
      "POST /check?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\nabc",
    );
    assert.match(answer, /^HTTP\/1.1 401/);
  });
});

Deno.test("The ETag of settings is usable in If-Match, even if the client accepts compression", async () => {
  await withServer({}, async (server) => {
    const headers = {
      authorization: `Bearer ${ADMIN}`,
      "content-type": "application/json",
      "accept-encoding": "gzip, br",
    };
    const seen = await fetch(`${server.url}/settings`, { headers });
    const etag = seen.headers.get("etag")!;
    await seen.body?.cancel();
    const body = JSON.stringify({ interval_minutes: 8 });
    const changed = await fetch(`${server.url}/settings`, {
      method: "PATCH",
      body,
      headers: { ...headers, "if-match": etag },
    });
    assert.deepEqual([changed.status, (await changed.json()).interval_minutes], [200, 8]);
  });
});

Deno.test("HEAD returns the length of the response to GET, and closes the file", async () => {
  const letGo = Promise.withResolvers<void>();
  const file = () => {
    const stream = new ReadableStream<Uint8Array>({ cancel: () => letGo.resolve() }, { highWaterMark: 0 });
    return { name: "x.csv", size: 900_000, stream };
  };
  await withServer({ service: { imports: historyOf(file) } }, async (server) => {
    // A client that accepts compression, such as `fetch`, does not see the length.
    const headers = { authorization: `Bearer ${ADMIN}`, "accept-encoding": "identity" };
    const head = await fetch(`${server.url}/imports/1/failed.csv`, { method: "HEAD", headers });
    assert.equal(head.headers.get("content-length"), "900000");
    await letGo.promise;
    for (const path of ["/settings", "/metrics", "/", "/assets/app.js", "/healthz", "/openapi.json", "/nowhere"]) {
      const got = await fetch(server.url + path, { headers });
      const whole = await got.bytes();
      assert.equal(got.headers.get("content-length"), String(whole.length), path);
      const { headers: told } = await fetch(server.url + path, { method: "HEAD", headers });
      assert.equal(told.get("content-length"), String(whole.length), path);
    }
  });
});

Deno.test("HEAD of a packed file sends no length to a client without gzip, and closes the file", async () => {
  const letGo = Promise.withResolvers<void>();
  const file = () => {
    const stream = new ReadableStream<Uint8Array>({ cancel: () => letGo.resolve() }, { highWaterMark: 0 });
    return { name: "x.csv", size: 900_000, stream, isPacked: true };
  };
  await withServer({ service: { imports: historyOf(file) } }, async (server) => {
    const headers = { authorization: `Bearer ${ADMIN}`, "accept-encoding": "identity" };
    const head = await fetch(`${server.url}/imports/1/failed.csv`, { method: "HEAD", headers });
    assert.deepEqual([head.status, head.headers.get("content-length")], [200, null]);
    await letGo.promise;
  });
});

Deno.test("A failing download is cut off, and contains no error text", async () => {
  const broken = () => {
    const chunks = async function* () {
      yield new TextEncoder().encode("unique_id\r\n".repeat(10_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error("secret of the disk");
    };
    return { name: "x.csv", size: 900_000, stream: ReadableStream.from(chunks()) };
  };
  const imports = historyOf(broken);
  await withServer({ service: { imports } }, async (server) => {
    const answer = await talk(server, `GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}\r\n`);
    assert.match(answer, /^HTTP\/1.1 200/);
    assert.doesNotMatch(answer, /Error|secret/);
    assert.ok(answer.length < 900_000);
  });
});

Deno.test("Closing waits for running requests, and closes idle connections", async () => {
  const { turn, asked, turnIsOver } = longTurn();
  await withServer({ service: { turn } }, async (server) => {
    using idle = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await idle.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert.notEqual(await idle.read(new Uint8Array(65_536)), null);
    const busy = talk(server, WAIT);
    await asked.promise;

    const closed = server.close();
    await readToEnd(idle);
    turnIsOver.resolve();

    assert.match(await busy, /^HTTP\/1.1 200/);
    await closed;
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: server.port }), Deno.errors.ConnectionRefused);
  });
});

Deno.test("Closing does not wait for a request beyond the time limit", async () => {
  const { turn, asked, turnIsOver } = longTurn();
  await withServer({ service: { turn }, serve: { closeTimeoutMs: 100 } }, async (server) => {
    const busy = talk(server, WAIT);
    await asked.promise;
    await server.close();
    turnIsOver.resolve();
    await busy;
  });
});

Deno.test("A request that does not end is cut off at the time limit, and its signal aborts", async () => {
  const asked = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const turn = async (_wait: boolean, signal: AbortSignal) => {
    signal.addEventListener("abort", () => stopped.resolve(), { once: true });
    asked.resolve();
    await stopped.promise;
    return [];
  };
  await withServer({ service: { turn }, serve: { closeTimeoutMs: 100 } }, async (server) => {
    const busy = talk(server, WAIT);
    await asked.promise;
    await server.close();
    assert.equal(await busy, "");
    await stopped.promise;
  });
});

Deno.test("An abort of the signal closes the server", async () => {
  await using http = await testHttp();
  const stop = new AbortController();
  const server = await serveHttp(http.app, { hostname: "127.0.0.1", port: 0 }, stop.signal);
  stop.abort();
  await server.close();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: server.port }), Deno.errors.ConnectionRefused);
});

/** A turn that ends when the test tells it to. */
function longTurn() {
  const asked = Promise.withResolvers<void>();
  const turnIsOver = Promise.withResolvers<void>();
  const turn = async () => {
    asked.resolve();
    await turnIsOver.promise;
    return [];
  };
  return { turn, asked, turnIsOver };
}

/** The loopback ports on which this process listens, as reported by Linux. */
async function ownPorts(): Promise<number[]> {
  const sockets = new Set<string>();
  for await (const { name } of Deno.readDir("/proc/self/fd")) {
    sockets.add(await Deno.readLink(`/proc/self/fd/${name}`).catch(() => ""));
  }
  const lines = (await Deno.readTextFile("/proc/net/tcp")).split("\n").map((line) => line.trim().split(/\s+/));
  return lines.filter((fields) => fields[3] === "0A" && sockets.has(`socket:[${fields[9]}]`))
    .map(([, address]) => parseInt(address.split(":")[1], 16));
}
