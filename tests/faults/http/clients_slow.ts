/** Slow and silent clients with the service's real deadlines, both from source and with the compiled binary. */
import assert from "node:assert/strict";
import { compileBinary, compilerVersion } from "../../support/compile.ts";
import { FROM_SOURCE, Workplace } from "../../support/rosterd.ts";
import { until } from "../../support/until.ts";
import { enforcesDeadlines } from "../../support/deadlines.ts";
import { hold, LONGEST_MS, slowClients } from "./clients.ts";
import { survived } from "../verdict.ts";

const TOKEN = "token-of-the-test";
const binary = await compileBinary();
const version = await compilerVersion();

/** Registers a test for a program, given as a command; null if it cannot run on this machine. */
function testClients(what: string, program: readonly string[] | null): void {
  Deno.test({
    name: `${what}: an unused connection is closed within 30 seconds`,
    ignore: program === null,
    async fn() {
      await using here = await Workplace.make({
        ROSTERD_LISTEN: "127.0.0.1:0",
        ROSTERD_ADMIN_TOKEN: TOKEN,
        // This test needs no database.
        DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing",
      }, program!);
      const service = here.spawn("serve");
      const output = service.output();
      try {
        const record = () => Deno.readTextFile(here.path("data/service.json")).catch(() => null);
        const { address } = JSON.parse(await until("the service listens", record, 30_000));
        const clients = slowClients(TOKEN);
        const all = await Promise.all(clients.map((client) => hold(new URL(address), client)));
        clients.forEach(({ name, hears }, index) => {
          const { ms, heard } = all[index];
          console.log(`${name}: ${(ms / 1_000).toFixed(1)} s`);
          assert.ok(ms < LONGEST_MS, `${name}: closed after ${ms} ms`);
          assert.match(heard, hears, name);
        });
        const headers = { authorization: `Bearer ${TOKEN}` };
        const settings = await (await fetch(`${address}/settings`, { headers })).json();
        assert.equal(settings.interval_minutes, 5);
        survived({
          fault: `http: slow and silent clients (${what})`,
          injected: clients.length,
          checks: 2 * clients.length + 1,
        });
      } finally {
        service.kill("SIGTERM");
      }
      assert.equal((await output).code, 0);
    },
  });
}

testClients("from the source", FROM_SOURCE);
if (enforcesDeadlines(version)) testClients("the binary", binary === null ? null : [binary]);
else {console.error(
    `LEFT OUT: slow and silent clients of the binary: it runs on Deno ${version}; from 2.9 on there are deadlines`,
  );}
