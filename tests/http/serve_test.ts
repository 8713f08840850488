import assert from "node:assert/strict";
import { CannotListen, type HttpServer, serveHttp, type ServeOptions } from "../../src/http/serve.ts";
import type { Service } from "../../src/http/service.ts";
import { ADMIN, testHttp } from "./fake_service.ts";

/** Deno 2.6 closes no connection that Node's server would close; see the header of `serve.ts`. */
function testOfClosing(name: string, fn: () => Promise<void>) {
  Deno.test({ name, fn, ignore: Deno.version.deno.startsWith("2.6.") });
}

const AUTH = `Host: localhost\r\nAuthorization: Bearer ${ADMIN}\r\n`;

interface Setup {
  service?: Partial<Service>;
  serve?: Partial<ServeOptions>;
  bodyTimeoutMs?: number;
}

async function withServer(setup: Setup, work: (server: HttpServer) => Promise<void>) {
  await using http = await testHttp({
    service: setup.service,
    options: { bodyTimeoutMs: setup.bodyTimeoutMs ?? 20_000 },
  });
  const options = { hostname: "127.0.0.1", port: 0, ...setup.serve };
  await using server = await serveHttp(http.app, options, new AbortController().signal);
  await work(server);
}

/** Sends raw text and reads until the server closes the connection. */
async function talk({ port }: HttpServer, text: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(text));
  return await readToEnd(connection);
}

async function readToEnd(connection: Deno.TcpConn): Promise<string> {
  let answer = "";
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(65_536);
  for (;;) {
    const length = await connection.read(buffer).catch((error) => {
      if (error instanceof Deno.errors.ConnectionReset) return null;
      throw error;
    });
    if (length === null) return answer;
    answer += decoder.decode(buffer.subarray(0, length), { stream: true });
  }
}

Deno.test("The server answers on the real port it got, with the headers that protect", async () => {
  await withServer({}, async (server) => {
    assert.ok(server.port > 0);
    const answer = await fetch(`${server.url}/healthz`);
    assert.deepEqual(await answer.json(), { alive: true });
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  });
});

Deno.test("An address in use is refused with its code", async () => {
  await withServer({}, async (server) => {
    await using http = await testHttp();
    await assert.rejects(
      serveHttp(http.app, { hostname: "127.0.0.1", port: server.port }, new AbortController().signal),
      (error: unknown) => error instanceof CannotListen && error.code === "EADDRINUSE",
    );
  });
});

testOfClosing(
  "A connection that sends half a head, or nothing, is closed",
  () =>
    withServer({ serve: { headTimeoutMs: 200 } }, async (server) => {
      assert.match(await talk(server, "GET /status HTTP/1.1\r\nHost: loc"), /^HTTP\/1.1 408/);
      assert.match(await talk(server, ""), /^(HTTP\/1.1 408|$)/);
    }),
);

testOfClosing("An idle connection is closed", () =>
  withServer({ serve: { idleTimeoutMs: 100 } }, async (server) => {
    assert.match(await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1.1 200/);
  }));

testOfClosing("Half a body ends in 408 and a closed connection", async () => {
  await withServer({ bodyTimeoutMs: 200 }, async (server) => {
    const head = `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n`;
    assert.match(await talk(server, head + '{"interval'), /^HTTP\/1.1 408/);
  });
});

testOfClosing("A file to check that stops coming ends in 408 and a closed connection", async () => {
  await withServer({ bodyTimeoutMs: 200 }, async (server) => {
    const head = `POST /check?name=x.csv HTTP/1.1\r\n${AUTH}Content-Length: 50\r\n\r\n`;
    assert.match(await talk(server, head + "unique_id"), /^HTTP\/1.1 408/);
  });
});

testOfClosing("A body without length is cut off at 64 KiB with 413", async () => {
  await withServer({}, async (server) => {
    const chunk = `8000\r\n${"x".repeat(0x8000)}\r\n`;
    const head =
      `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n`;
    assert.match(await talk(server, head + chunk.repeat(3)), /^HTTP\/1.1 413/);
  });
});

Deno.test("A body longer than it says changes nothing beyond what it says", async () => {
  await withServer({}, async (server) => {
    const head = `PATCH /settings HTTP/1.1\r\n${AUTH}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n`;
    assert.match(await talk(server, head + '{}{"interval_minutes":9}\r\n\r\n'), /HTTP\/1.1 400/);
    const answer = await fetch(`${server.url}/settings`, { headers: { authorization: `Bearer ${ADMIN}` } });
    assert.equal((await answer.json()).interval_minutes, 5);
  });
});

Deno.test("A GET with a body without end is refused and closed", async () => {
  await withServer({}, async (server) => {
    const answer = await talk(server, `GET /status HTTP/1.1\r\n${AUTH}Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n`);
    assert.match(answer, /^HTTP\/1.1 400/);
  });
});

Deno.test("A body that comes without a token is not waited for", async () => {
  await withServer({}, async (server) => {
    const answer = await talk(
      server,
      "POST /check?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\nabc",
    );
    assert.match(answer, /^HTTP\/1.1 401/);
  });
});

Deno.test("A download that breaks midway is cut, and no error text ends up in it", async () => {
  const broken = () => {
    const chunks = async function* () {
      yield new TextEncoder().encode("unique_id\r\n".repeat(10_000));
      await new Promise((resolve) => setTimeout(resolve, 50));
      throw new Error("secret of the disk");
    };
    return Promise.resolve({ name: "x.csv", size: 900_000, stream: ReadableStream.from(chunks()) });
  };
  const imports = { list: never, get: never, failures: never, held: never, failedFile: broken };
  await withServer({ service: { imports } }, async (server) => {
    const answer = await talk(server, `GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}\r\n`);
    assert.match(answer, /^HTTP\/1.1 200/);
    assert.doesNotMatch(answer, /Error|secret/);
    assert.ok(answer.length < 900_000);
  });
});

Deno.test("Closing lets a request end that is under way, and closes idle connections", async () => {
  const asked = Promise.withResolvers<void>();
  const turnIsOver = Promise.withResolvers<void>();
  const turn = async () => {
    asked.resolve();
    await turnIsOver.promise;
    return [];
  };
  await withServer({ service: { turn } }, async (server) => {
    using idle = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await idle.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    assert.notEqual(await idle.read(new Uint8Array(65_536)), null);
    const busy = talk(server, `POST /imports?wait=true HTTP/1.1\r\n${AUTH}Content-Length: 0\r\n\r\n`);
    await asked.promise;

    const closed = server.close();
    await readToEnd(idle);
    turnIsOver.resolve();

    assert.match(await busy, /^HTTP\/1.1 200/);
    await closed;
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: server.port }), Deno.errors.ConnectionRefused);
  });
});

Deno.test("Closing does not wait longer than its time for a request that does not end", async () => {
  const asked = Promise.withResolvers<void>();
  const turnIsOver = Promise.withResolvers<void>();
  const turn = async () => {
    asked.resolve();
    await turnIsOver.promise;
    return [];
  };
  await withServer({ service: { turn }, serve: { closeTimeoutMs: 100 } }, async (server) => {
    const busy = talk(server, `POST /imports?wait=true HTTP/1.1\r\n${AUTH}Content-Length: 0\r\n\r\n`);
    await asked.promise;
    await server.close();
    turnIsOver.resolve();
    await busy;
  });
});

testOfClosing("A request that does not end is cut off in the end, and the service told so", async () => {
  const asked = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const turn = async (_wait: boolean, signal: AbortSignal) => {
    signal.addEventListener("abort", () => stopped.resolve(), { once: true });
    asked.resolve();
    await stopped.promise;
    return [];
  };
  await withServer({ service: { turn }, serve: { closeTimeoutMs: 100 } }, async (server) => {
    const busy = talk(server, `POST /imports?wait=true HTTP/1.1\r\n${AUTH}Content-Length: 0\r\n\r\n`);
    await asked.promise;
    await server.close();
    assert.equal(await busy, "");
    await stopped.promise;
  });
});

Deno.test("The signal closes the server", async () => {
  await using http = await testHttp();
  const stop = new AbortController();
  const server = await serveHttp(http.app, { hostname: "127.0.0.1", port: 0 }, stop.signal);
  stop.abort();
  await server.close();
  await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: server.port }), Deno.errors.ConnectionRefused);
});

function never(): never {
  throw new Error("not asked in this test");
}
