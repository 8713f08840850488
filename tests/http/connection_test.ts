/** Tests which connections the server closes, and that the others lose no data. */
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { readToEnd } from "../support/connection.ts";
import { testOfDeadlines } from "../support/deadlines.ts";
import { until } from "../support/until.ts";
import { ADMIN } from "./fake_service.ts";
import { AUTH, historyOf, talk, WAIT, withServer } from "./served.ts";

testOfDeadlines(
  "A connection that sends half of the request headers, or nothing, is closed",
  () =>
    withServer({ serve: { headTimeoutMs: 200 } }, async (server) => {
      assert.equal(await talk(server, "GET /status HTTP/1.1\r\nHost: loc"), "");
      assert.equal(await talk(server, ""), "");
    }),
);

testOfDeadlines("An idle connection is closed", () =>
  withServer({ serve: { headTimeoutMs: 100 } }, async (server) => {
    assert.match(await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"), /^HTTP\/1.1 200/);
  }));

testOfDeadlines("Request headers that arrive byte by byte do not extend the deadline", async () => {
  await withServer({ serve: { headTimeoutMs: 300 } }, async (server) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const send = (text: string) => connection.write(new TextEncoder().encode(text)).catch(() => 0);
    await send("GET /healthz HTTP/1.1\r\nX: ");
    const dripping = setInterval(() => void send("x"), 20);
    assert.equal(await readToEnd(connection), "");
    clearInterval(dripping);
  });
});

testOfDeadlines("A connection is also closed if its second request is incomplete", async () => {
  await withServer({ serve: { headTimeoutMs: 200 } }, async (server) => {
    const whole = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const answers = await talk(server, whole + whole + "GET /healthz HT");
    assert.equal(answers.match(/HTTP\/1.1 200/g)?.length, 2);
  });
});

testOfDeadlines("A client that closes its sending side after its request still gets the response", async () => {
  await withServer({}, async (server) => {
    for (const request of ["GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", WAIT]) {
      using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
      await connection.write(new TextEncoder().encode(request));
      await connection.closeWrite();
      assert.match(await readToEnd(connection), /^HTTP\/1.1 200/);
    }
  });
});

testOfDeadlines("If the client disconnects during a long request, the request's signal aborts", async () => {
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

testOfDeadlines("A client that does not read its response is disconnected, and the file is closed", async () => {
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

testOfDeadlines(
  "A client that reads slowly gets its whole response, even long after the server has written it",
  async () => {
    // The operating system buffers the small response. The server waits longer for the large response than for an idle
    // client.
    for (const size of [1024 * 1024, 16 * 1024 * 1024]) {
      const file = () => ({ name: "x.csv", size, stream: new Blob([new Uint8Array(size)]).stream() });
      await withServer({ service: { imports: historyOf(file) }, serve: { headTimeoutMs: 500 } }, async (server) => {
        using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
        await connection.write(new TextEncoder().encode(`GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}\r\n`));
        await pause(2_000);
        const [head, body] = (await readToEnd(connection)).split("\r\n\r\n");
        assert.match(head, /^HTTP\/1.1 200/);
        assert.equal(body.length, size);
      });
    }
  },
);

testOfDeadlines("A slow but steady reader may take longer than the limit for a client that reads nothing", async () => {
  const size = 12 * 1024 * 1024;
  const file = () => ({ name: "x.csv", size, stream: new Blob([new Uint8Array(size)]).stream() });
  await withServer({ service: { imports: historyOf(file) }, serve: { takeTimeoutMs: 800 } }, async (server) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    await connection.write(
      new TextEncoder().encode(`GET /imports/1/failed.csv HTTP/1.1\r\n${AUTH}Connection: close\r\n\r\n`),
    );
    const began = performance.now();
    let taken = 0;
    const buffer = new Uint8Array(1024 * 1024);
    for (let length; (length = await connection.read(buffer)) !== null; await pause(80)) taken += length;
    assert.ok(taken > size);
    assert.ok(performance.now() - began > 800);
  });
});

testOfDeadlines("The service may take longer for a request than a client may take to read the response", async () => {
  const turn = () => pause(600).then(() => []);
  await withServer({ service: { turn }, serve: { takeTimeoutMs: 100 } }, async (server) => {
    assert.match(await talk(server, WAIT.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n")), /^HTTP\/1.1 200/);
  });
});

testOfDeadlines(
  "The end of a response is reported after it is sent, and the requests of a connection are answered in order",
  async () => {
    const told: string[] = [];
    const turn = () => pause(50).then(() => (told.push("turn"), []));
    const onRequest = () => {
      told.push("begins");
      return () => void told.push("over");
    };
    await withServer({ service: { turn }, serve: { onRequest } }, async (server) => {
      await talk(server, WAIT + WAIT.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
      assert.deepEqual(told, ["begins", "begins", "turn", "over", "turn", "over"]);
    });
  },
);

testOfDeadlines("Bytes that are not a request are refused after the responses to earlier requests", async () => {
  const turn = () => pause(50).then(() => []);
  await withServer({ service: { turn } }, async (server) => {
    const answers = await talk(server, WAIT + "no request\r\n\r\n");
    assert.deepEqual(answers.match(/HTTP\/1.1 \d+/g), ["HTTP/1.1 200", "HTTP/1.1 400"]);
  });
});

testOfDeadlines("A client whose large body is refused receives the reason", async () => {
  await withServer({}, async (server) => {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const head = "POST /check?name=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n";
    await connection.write(new TextEncoder().encode(head));
    const sending = (async () => {
      for (;;) await connection.write(new Uint8Array(1024 * 1024));
    })().catch(() => {});
    assert.match(await readToEnd(connection), /^HTTP\/1.1 401/);
    await sending;
  });
});

testOfDeadlines(
  "Clients that send thousands of pipelined requests are disconnected, and the service continues",
  async () => {
    const turnIsOver = Promise.withResolvers<void>();
    const turn = () => turnIsOver.promise.then(() => []);
    await withServer({ service: { turn } }, async (server) => {
      assert.equal(await talk(server, WAIT + "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n".repeat(5_000)), "");
      assert.deepEqual(await (await fetch(`${server.url}/healthz`)).json(), { alive: true });
      turnIsOver.resolve();
    });
  },
);

testOfDeadlines("Hundreds of requests that are sent at once all get a response", async () => {
  await withServer({ serve: { headTimeoutMs: 500 } }, async (server) => {
    const answers = await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(1_000));
    assert.equal(answers.match(/HTTP\/1.1 200/g)?.length, 1_000);
  });
});

testOfDeadlines(
  "HTTP/2 is refused, and an HTTP/1 request that arrives byte by byte is not mistaken for HTTP/2",
  async () => {
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
  },
);

testOfDeadlines("A large file arrives completely", async () => {
  let got = "";
  const check = async (_name: string, body: ReadableStream<Uint8Array>) => {
    got = await sha256(await new Response(body).arrayBuffer());
    return { file: "x.csv" } as never;
  };
  await withServer({ service: { check } }, async (server) => {
    const body = new Uint8Array(8 * 1024 * 1024).map((_, index) => index * 31 >> 8);
    const headers = { authorization: `Bearer ${ADMIN}` };
    const answer = await fetch(`${server.url}/check?name=x.csv`, { method: "POST", body, headers });
    assert.deepEqual([(await answer.json()).file, got], ["x.csv", await sha256(body)]);
  });
});

testOfDeadlines("At the connection limit, the connection that has been idle longest is closed", async () => {
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

testOfDeadlines(
  "At the connection limit, a client that does not read is disconnected, but not a client that waits for a response",
  async () => {
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
      // The operating system may still be accepting bytes for the client that does not read. Therefore, several clients
      // connect until one of them causes it to be disconnected.
      await until("the client that does not read is disconnected", async () => {
        const heard = await talk(server, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        assert.match(heard, /^HTTP\/1.1 200/);
        return isLetGo;
      });
      turnIsOver.resolve();
      assert.match(await waiting, /^HTTP\/1.1 200/);
    });
  },
);

testOfDeadlines("The least recently used connection is closed first, whatever its age", async () => {
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
