/** Single connections: which are cut off, which are not, and that nothing of what passes is lost. */
import assert from "node:assert/strict";
import { readToEnd } from "../support/connection.ts";
import { until } from "../support/until.ts";
import { ADMIN } from "./fake_service.ts";
import { AUTH, historyOf, talk, WAIT, withServer } from "./served.ts";

Deno.test(
  "A connection that sends half a head, or nothing, is closed",
  () =>
    withServer({ serve: { headTimeoutMs: 200 } }, async (server) => {
      assert.equal(await talk(server, "GET /status HTTP/1.1\r\nHost: loc"), "");
      assert.equal(await talk(server, ""), "");
    }),
);

Deno.test("An idle connection is closed", () =>
  withServer({ serve: { headTimeoutMs: 100 } }, async (server) => {
    assert.match(await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1.1 200/);
  }));

Deno.test("A head that trickles in does not put off the deadline", async () => {
  await withServer({ serve: { headTimeoutMs: 300 } }, async (server) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const send = (text: string) => connection.write(new TextEncoder().encode(text)).catch(() => 0);
    await send("GET /healthz HTTP/1.1\r\nX: ");
    const dripping = setInterval(() => void send("x"), 20);
    assert.equal(await readToEnd(connection), "");
    clearInterval(dripping);
  });
});

Deno.test("Half a second request on a connection is closed like half a first one", async () => {
  await withServer({ serve: { headTimeoutMs: 200 } }, async (server) => {
    const whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const answers = await talk(server, whole + whole + "GET /healthz HT");
    assert.equal(answers.match(/HTTP\/1.1 200/g)?.length, 2);
  });
});

Deno.test("A client that ends its side with its request is answered", async () => {
  await withServer({}, async (server) => {
    for (const request of ["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", WAIT]) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await connection.write(new TextEncoder().encode(request));
      await connection.closeWrite();
      assert.match(await readToEnd(connection), /^HTTP\/1.1 200/);
    }
  });
});

Deno.test("When the client of a long request has gone, the service is told", async () => {
  const gone = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const turn = async (_wait: boolean, signal: AbortSignal) => {
    signal.addEventListener("abort", () => gone.resolve(), { once: true });
    asked.resolve();
    await gone.promise;
    return [];
  };
  await withServer({ service: { turn } }, async (server) => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(new TextEncoder().encode(WAIT));
    await asked.promise;
    connection.close();
    await gone.promise;
  });
});

Deno.test("A client that takes nothing of its answer is cut off, and the file let go", async () => {
  const letGo = Promise.withResolvers<void>();
  const endless = () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => letGo.resolve(),
    });
    return { name: "x.csv", size: 1e9, stream };
  };
  const imports = historyOf(endless);
  await withServer({ service: { imports }, serve: { takeTimeoutMs: 200 } }, async (server) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(new TextEncoder().encode(`GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}\r\n`));
    await letGo.promise;
  });
});

Deno.test("A client that takes its answer slowly gets all of it, long after the server is done with it", async () => {
  // More than the system keeps for the client, less than it keeps for both connections of this one.
  const size = 5 * 1024 * 1024;
  const file = () => ({ name: "x.csv", size, stream: new Blob([new Uint8Array(size)]).stream() });
  const imports = historyOf(file);
  const answered = Promise.withResolvers<void>();
  const serve = { headTimeoutMs: 500, onRequest: () => answered.resolve };
  await withServer({ service: { imports }, serve }, async (server) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(new TextEncoder().encode(`GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}\r\n`));
    await answered.promise;
    // One that is idle from now on is cut off, which this one must not be.
    assert.equal(await talk(server, ""), "");
    const [head, body] = (await readToEnd(connection)).split("\r\n\r\n");
    assert.match(head, /^HTTP\/1.1 200/);
    assert.equal(body.length, size);
  });
});

Deno.test("Hundreds of requests sent at once are all answered", async () => {
  await withServer({ serve: { headTimeoutMs: 500 } }, async (server) => {
    const answers = await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000));
    assert.equal(answers.match(/HTTP\/1.1 200/g)?.length, 1_000);
  });
});

Deno.test("HTTP/2 is refused, and a request that comes byte by byte is not taken for it", async () => {
  await withServer({}, async (server) => {
    const greeting = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    assert.equal(await talk(server, greeting), "");
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    connection.setNoDelay();
    for (const character of `PROPFIND /settings HTTP/1.1\r\n${AUTH}Connection: close\r\n\r\n`) {
      await connection.write(new TextEncoder().encode(character));
    }
    assert.match(await readToEnd(connection), /^HTTP\/1.1 405/);
  });
});

Deno.test("A file of many megabytes arrives whole", async () => {
  let got = "";
  const check = async (_name: string, body: ReadableStream<Uint8Array>) => {
    got = await sha256(await new Response(body).arrayBuffer());
    return [];
  };
  await withServer({ service: { check } }, async (server) => {
    const body = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 31 >> 8);
    const headers = { authorization: `Bearer ${ADMIN}` };
    const answer = await fetch(`${server.url}/check?name=x.csv`, { method: "POST", body, headers });
    assert.deepEqual([await answer.json(), got], [[], await sha256(body)]);
  });
});

Deno.test("With too many connections, the one that has been idle longest gives way", async () => {
  await withServer({}, async (server) => {
    const connections: Deno.TcpConn[] = [];
    for (let number = 0; number < 101; number++) {
      connections.push(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
    }
    assert.equal(await connections[0].read(new Uint8Array(1)), null);
    assert.deepEqual(await (await fetch(`${server.url}/healthz`)).json(), { alive: true });
    for (const connection of connections) connection.close();
  });
});

Deno.test("With too many connections of clients that take nothing, one of them gives way, and who waits for an answer stays", async () => {
  const endless = () => {
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
      cancel: () => void (isLetGo = true),
    });
    return { name: "x.csv", size: 1e9, stream };
  };
  let isLetGo = false;
  const asked = Promise.withResolvers<void>();
  const turnIsOver = Promise.withResolvers<void>();
  const turn = async () => {
    asked.resolve();
    await turnIsOver.promise;
    return [];
  };
  const setup = { service: { imports: historyOf(endless), turn }, serve: { mostConnections: 2 } };
  await withServer(setup, async (server) => {
    const waiting = talk(server, WAIT.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    await asked.promise;
    using takesNothing = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await takesNothing.write(new TextEncoder().encode(`GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}\r\n`));
    await takesNothing.read(new Uint8Array(1));
    // A piece may be taken by the system just now; of several newcomers one finds it waiting.
    await until("room was made", async () => {
      const heard = await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      assert.match(heard, /^HTTP\/1.1 200/);
      return isLetGo;
    });
    turnIsOver.resolve();
    assert.match(await waiting, /^HTTP\/1.1 200/);
  });
});

Deno.test("Of connections, one that was used later gives way later, however old it is", async () => {
  await withServer({}, async (server) => {
    const connect = () => Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const connections = [await connect(), await connect()];
    const [used, idle] = connections;
    const ask = async (connection: Deno.TcpConn) => {
      await connection.write(new TextEncoder().encode("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"));
      return await connection.read(new Uint8Array(65_536));
    };
    for (const connection of [used, idle, used]) assert.notEqual(await ask(connection), null);
    for (let number = 0; number < 99; number++) connections.push(await connect());
    assert.equal(await idle.read(new Uint8Array(1)), null);
    assert.notEqual(await ask(used), null);
    for (const connection of connections) connection.close();
  });
});

async function sha256(bytes: BufferSource): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
