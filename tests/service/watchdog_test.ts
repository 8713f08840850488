/** The watchdog reports to a supervisor that the service is responsive, and ends a service that does not respond. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock } from "../../src/runtime/clock.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { notifier } from "../../src/runtime/notify_socket.ts";
import { withTimeout } from "../../src/runtime/with_timeout.ts";
import { Watchdog, type WatchdogOptions } from "../../src/service/watchdog.ts";
import { missingPrograms } from "../support/programs.ts";
import { Workplace } from "../support/rosterd.ts";
import { Supervisor } from "../support/supervisor.ts";
import { until } from "../support/until.ts";

const missing = missingPrograms("python3");
if (missing !== null) console.error(`LEFT OUT: tests of ${import.meta.url} with a supervisor: ${missing}`);

const CHECK_INTERVAL_MS = 20;
const ENDS_WITHIN_MS = 15_000;

/** Runs a watchdog until `test` ends. `handle` receives each connection. */
async function watching(
  handle: (connection: Deno.Conn) => void,
  options: Partial<WatchdogOptions>,
  test: (hung: () => number) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      open.push(connection);
      handle(connection);
    }
  })();
  const stop = new AbortController(), { hostname, port } = listener.addr as Deno.NetAddr;
  let hung = 0;
  const watchdog = new Watchdog({
    ...{ hostname, port, clock: systemClock, log: silentLog, notify: null, checkIntervalMs: CHECK_INTERVAL_MS },
    movedAt: () => ({}),
    onHang: () => hung++,
    ...options,
  });
  const running = watchdog.run(stop.signal);
  try {
    await test(() => hung);
  } finally {
    stop.abort();
    // If the watchdog hangs, its test must fail.
    await withTimeout(ENDS_WITHIN_MS, running, () => new Error("the watchdog did not end")).finally(async () => {
      listener.close();
      await accepting;
      for (const connection of open) connection.close();
    });
  }
}

const answer = (connection: Deno.Conn) => void connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));

Deno.test("a service that accepts connections but never responds counts as hung after six checks, and is reported once", async () => {
  const states: string[] = [];
  const notify = (state: string) => Promise.resolve(void states.push(state));
  await watching(() => {}, { notify }, async (hung) => {
    await until("the service counts as hung", () => Promise.resolve(hung() > 0));
    await new Promise((resolve) => setTimeout(resolve, 5 * CHECK_INTERVAL_MS));
    assert.equal(hung(), 1);
  });
  assert.deepEqual(states, ["READY=1", "STOPPING=1"], "never WATCHDOG=1");
});

Deno.test("a service that closes connections because it has too many does not count as hung", async () => {
  let closed = 0;
  const states: string[] = [];
  const notify = (state: string) => Promise.resolve(void states.push(state));
  await watching((connection) => (closed++, void connection.closeWrite()), { notify }, async (hung) => {
    await until("ten checks were made", () => Promise.resolve(closed > 10));
    assert.equal(hung(), 0);
  });
  assert.ok(states.includes("WATCHDOG=1"));
});

Deno.test("a stop during a connection attempt ends the watchdog at once", async () => {
  for (let attempt = 0; attempt < 20; attempt++) {
    await watching(() => {}, {}, async () => {
      for (let microtask = 0; microtask < 4; microtask++) await null;
      // This timer fires right after the watchdog's timer, when the watchdog has just begun to connect.
      await delay(CHECK_INTERVAL_MS);
    });
  }
});

Deno.test("WATCHDOG=1 is not sent while a loop has made no progress for half an hour", async () => {
  const states: string[] = [];
  const notify = (state: string) => Promise.resolve(void states.push(state));
  let minutes = 31, asked = 0;
  const movedAt = () => (asked++, { database: systemClock.elapsed(), turns: systemClock.elapsed() - minutes * 60_000 });
  await watching(answer, { notify, movedAt }, async () => {
    await until("a check was made", () => Promise.resolve(asked > 5));
    assert.deepEqual(states, ["READY=1"]);
    minutes = 29;
    await until("the service counts as responsive", () => Promise.resolve(states.includes("WATCHDOG=1")));
  });
});

for (const kind of ["a path", "an abstract name"]) {
  Deno.test({
    name: `a supervisor with ${kind} hears READY=1, WATCHDOG=1 and STOPPING=1, and no socket is left`,
    ignore: missing !== null,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
      try {
        const address = kind === "a path" ? join(folder, "notify") : `@rosterd-${crypto.randomUUID()}`;
        await using supervisor = await Supervisor.start(address);
        const own = join(folder, "own");
        await Deno.mkdir(own);
        await watching(answer, { notify: notifier(address, own) }, () => supervisor.hears("WATCHDOG=1"));
        await supervisor.hears("STOPPING=1");
        assert.equal(supervisor.told[0], "READY=1");
        assert.deepEqual(await Array.fromAsync(Deno.readDir(own)), []);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

Deno.test({
  name: "rosterd serve notifies its supervisor when it is ready, even without a database, and when it stops",
  ignore: missing !== null,
  async fn() {
    await using here = await Workplace.make({
      DATABASE_URL: "postgres://rosterd@127.0.0.1:1/none",
      ROSTERD_LISTEN: "127.0.0.1:0",
    });
    await using supervisor = await Supervisor.start(here.path("notify"));
    const service = here.spawnWith({ NOTIFY_SOCKET: supervisor.address }, "serve");
    await supervisor.hears("READY=1");
    service.kill("SIGTERM");
    const ended = withTimeout(ENDS_WITHIN_MS, service.output(), () => new Error("rosterd did not end"));
    const { code, stderr } = await ended.catch((error) => {
      service.kill("SIGKILL");
      throw error;
    });
    assert.equal(code, 0);
    await supervisor.hears("STOPPING=1");
    assert.doesNotMatch(new TextDecoder().decode(stderr), /supervisor_not_told/);
  },
});
