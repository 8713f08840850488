/** Tests how the service ends when its port is in use and when a signal arrives twice. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "../support/programs.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { until } from "../support/until.ts";

/** `setsid` makes the service the leader of a process group, as a shell would. */
const DENO_TASK = [
  "setsid",
  Deno.execPath(),
  "task",
  "--quiet",
  "--config",
  fileURLToPath(new URL("../../deno.json", import.meta.url)),
];

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);
const serverTest = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: unavailable !== null, fn });

serverTest(
  "serve exits with 1 for a port in use, so that systemd restarts it, and with 78 for an address of another machine",
  async () => {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { code, err } = await here.run("serve", "--listen", `127.0.0.1:${taken.addr.port}`);
    assert.deepEqual([code, /cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)/.test(err)], [1, true], err);
    assert.equal((await here.run("serve", "--listen", "192.0.2.1:8080")).code, 78);
  },
);

serverTest("Ctrl-C under deno task start sends two signals, and the service still stops cleanly", async () => {
  await using database = (await testDatabase())!;
  await using here = await Workplace.make({ DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0" }, DENO_TASK);
  const folders = { ROSTERD_UPLOAD: here.path("upload"), ROSTERD_DATA: here.path("data") };
  const task = here.spawnWith({ ...folders, ROSTERD_SETTINGS: here.path("settings.json") }, "start");
  const output = task.output();
  const record = () => Deno.stat(here.path("data/service.json")).then(() => true, () => false);
  await until("the service listens", record, 60_000);
  await run("kill", "-INT", "--", `-${task.pid}`);
  const { code, stderr } = await output;
  const log = new TextDecoder().decode(stderr);
  assert.match(log, /stopped/);
  assert.equal(code, 0, log);
});

serverTest("two signals within a second count as one, and the service exits with 0", async () => {
  await using database = (await testDatabase())!;
  await using here = await Workplace.make({ DATABASE_URL: database.url });
  const service = here.spawn("serve", "--listen", "127.0.0.1:0");
  const output = service.output();
  const record = () => Deno.stat(here.path("data/service.json")).then(() => true, () => false);
  await until("the service listens", record, 60_000);
  service.kill("SIGINT");
  service.kill("SIGINT");
  const { code, stderr } = await output;
  assert.equal(code, 0, new TextDecoder().decode(stderr));
});
