/**
 * Tests the whole service in one story: starts it, drops a roster into its folder, finds the users in the database, and
 * stops it. This is the best place to start reading the tests.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { createApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { systemClock } from "../src/runtime/clock.ts";
import { createLog } from "../src/runtime/log.ts";
import { serverUnavailable, testDatabase } from "./support/postgres.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const ROSTER = `unique_id,login_source,first_name,last_name,user_name,email,user_type_id,active
1001,ldap,Anna,Tremblay,atrembla,anna.tremblay@example.edu,student,1
1002,ldap,Omar,Singh,osingh,omar.singh(at)example.edu,student,1
`;

Deno.test({
  name: "a running service imports the users of a dropped roster, and writes its failed record to a file in bak",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    const flags = {
      upload: join(folder, "upload"),
      data: join(folder, "data"),
      settings: join(folder, "settings.json"),
      listen: "127.0.0.1:0",
    };
    const config = readConfig(flags, {
      env: (name) => ({ DATABASE_URL: database.url, ROSTERD_ADMIN_TOKEN: "a-token" })[name],
      readTextFile: Deno.readTextFileSync,
      isTerminal: () => false,
    });
    const log = createLog({ level: "error", format: "json", now: () => new Date(), write: console.error });
    await Deno.writeTextFile(config.settings, JSON.stringify({ settle_seconds: 0 }));
    const stop = new AbortController();

    const app = await createApp({ config, version: "0.0.0-test", clock: systemClock, log }, stop.signal);
    try {
      // Uploads the file under another name first, so that the service never sees an incomplete file.
      await Deno.writeTextFile(join(config.upload, ".roster.csv.part"), ROSTER);
      await Deno.rename(join(config.upload, ".roster.csv.part"), join(config.upload, "roster.csv"));
      const headers = { authorization: "Bearer a-token" };
      await (await fetch(`${app.url}/imports?wait=true`, { method: "POST", headers })).body?.cancel();
      const { imports: [entry] } = await (await fetch(`${app.url}/imports`, { headers })).json();

      assert.deepEqual([entry.status, entry.created, entry.failed], ["failed_records", 1, 1]);
      const users = await database.sql`select unique_id, first_name, active from rosterd.users`;
      assert.deepEqual([...users], [{ unique_id: "1001", first_name: "Anna", active: true }]);
      const failed = await Deno.readTextFile(join(config.upload, "bak", entry.failed_file));
      assert.match(failed, /,omar\.singh\(at\)example\.edu,.*,email,9033,/);
    } finally {
      stop.abort();
      await app.ended;
      await Deno.remove(folder, { recursive: true });
    }
  },
});
