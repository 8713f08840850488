/** Tests the service with more clients than it accepts and with more clients than it has file handles. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { enforcesDeadlines } from "../support/deadlines.ts";
import { until } from "../support/until.ts";

const SERVER = fileURLToPath(new URL("flooded_server.ts", import.meta.url));

/** Runs the server with a limited number of handles and with `clients` sockets, each of which sends half a request. */
async function withFlood(
  { handles, mostConnections, clients }: { handles: number; mostConnections: number; clients: number },
  work: (port: number, closed: () => number) => Promise<void>,
): Promise<void> {
  const command = `ulimit -n ${handles} && exec "$0" run -A "$1" ${mostConnections}`;
  const args = ["-c", command, Deno.execPath(), SERVER];
  await using server = new Deno.Command("bash", { args, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = server.stdout.getReader();
  const port = Number(new TextDecoder().decode((await reader.read()).value));
  let closed = 0;
  const open = async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    await connection.write(new TextEncoder().encode("GET /handles HTTP/1.1\r\nHo"));
    const ended = connection.read(new Uint8Array(1)).then(() => {}, () => {}).finally(() => closed++);
    return { connection, ended };
  };
  await ask(port);
  const opened = await Promise.all(Array.from({ length: clients }, open));
  try {
    await work(port, () => closed);
  } finally {
    for (const { connection } of opened) connection.close();
    await Promise.all(opened.map(({ ended }) => ended));
    server.kill();
    await reader.cancel();
  }
}

async function ask(port: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${port}/handles`, { headers: { connection: "close" } });
  return Number(await answer.text());
}

const ignore = Deno.build.os !== "linux" || !enforcesDeadlines(Deno.version.deno);
if (ignore) console.error("LEFT OUT: floods of connections: they are tested on Linux, with Deno 2.9 or later");

Deno.test({
  name: "With 400 sockets that each send half a request, 100 stay open, and another client gets its response at once",
  ignore,
  async fn() {
    await withFlood({ handles: 1_024, mostConnections: 100, clients: 400 }, async (port, closed) => {
      const began = performance.now();
      const handles = await ask(port);
      const ms = performance.now() - began;
      assert.ok(handles < 150, `${handles} handles`);
      assert.ok(ms < 1_500, `answered after ${ms} ms`);
      await until("the other connections were closed", () => closed() >= 300);
    });
  },
});

Deno.test({
  name: "A connection for which no file handle is left does not end the service",
  ignore,
  async fn() {
    await withFlood({ handles: 80, mostConnections: 1_000, clients: 100 }, async (port) => {
      assert.ok(await ask(port) < 80);
      assert.ok(await ask(port) < 80);
    });
  },
});
