/**
 * vsftpd stores uploads with mode 0600 by default, so rosterd may not be allowed to read them without root's
 * privileges.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { readServiceRecord } from "../../../src/host/service_record.ts";
import { startFtpsServer } from "../../support/ftps_server.ts";
import { testDatabase } from "../../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../../support/rosterd.ts";
import { until } from "../../support/until.ts";
import { Outside } from "../invariants.ts";
import { curlOverFtps, lftpOverFtps } from "./clients.ts";
import { type Waiting, withoutServers } from "./place.ts";
import { roster, whole } from "./rosters.ts";
import { survived } from "../verdict.ts";

const unavailable = await withoutServers();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const TOKEN = "token-of-the-test";
/** Runs as root without capabilities, so that file modes and owners apply to it. */
const UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", ...FROM_SOURCE];

Deno.test({
  name: "unreadable files are logged once with owner and mode, do not stop other files, and are imported after a chmod",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    const environment = { DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0", ROSTERD_ADMIN_TOKEN: TOKEN };
    await using here = await Workplace.make(environment, UNPRIVILEGED);
    await Deno.chmod(here.folder, 0o755);
    await Deno.mkdir(here.path("upload"));
    await Deno.chmod(here.path("upload"), 0o1777);
    await here.run("settings", "set", "settle_seconds=1", "interval_minutes=1440");
    const outside = new Outside({ upload: here.path("upload"), sql: database.sql, mails: null });
    await using ftps = await startFtpsServer(here.folder, { umask: "077" });

    const service = here.spawn("serve");
    const ended = service.output();
    try {
      const record = await until("the service listens", () => readServiceRecord(here.path("data")));
      const call = async <T>(path: string, method = "GET"): Promise<T> => {
        const headers = { authorization: `Bearer ${TOKEN}` };
        const response = await fetch(record.address + path, { method, headers });
        assert.ok(response.ok, `${method} ${path}: ${response.status}`);
        return await response.json();
      };
      const turn = () => call<{ imports: { file: string }[] }>("/imports?wait=true", "POST");
      const unreadable = async () => {
        const { waiting } = await call<{ waiting: Waiting[] }>("/status");
        return waiting.filter(({ code }) => code === "unreadable").sort((a, b) => a.name < b.name ? -1 : 1);
      };

      const files = [];
      for (const client of [curlOverFtps(ftps, "upload"), lftpOverFtps(ftps, "upload")]) {
        const name = `${client.name}.csv`;
        const options = { prefix: client.name, records: 100 };
        files.push(whole(name, options));
        outside.expect(files.at(-1)!);
        await here.write(name, roster(options));
        await client.start({ local: here.path(name), name }).done();
      }
      const { uid, mode } = await Deno.stat(here.path("upload/curl-ftps.csv"));
      assert.deepEqual([mode! & 0o777, uid === Deno.uid()], [0o600, false]);
      const named = await until("both wait", async () => {
        const waiting = await unreadable();
        return waiting.length === 2 ? waiting : null;
      });
      for (const [index, { name, text }] of named.entries()) {
        assert.equal(name, files[index].name);
        assert.match(text, new RegExp(`^waiting: rosterd cannot read it \\(owner uid ${uid}, mode 0600\\)`));
      }

      const other = whole("other.csv", { prefix: "other", records: 3 });
      outside.expect(other);
      await here.write("upload/other.csv.part", other.content);
      await Deno.rename(here.path("upload/other.csv.part"), here.path("upload/other.csv"));
      const imported: string[] = [];
      await until("the other file is imported", async () => {
        imported.push(...(await turn()).imports.map(({ file }) => file));
        return imported.length > 0;
      });
      for (let turns = 0; turns < 10; turns++) imported.push(...(await turn()).imports.map(({ file }) => file));
      assert.deepEqual(imported, ["other.csv"]);
      await outside.atAnyInstant();
      const share = await cpuShare(service.pid);
      assert.ok(share < 0.5, `it uses ${Math.round(100 * share)} % of a processor while files wait`);

      for (const { name } of files) await Deno.chmod(here.path(`upload/${name}`), 0o644);
      await until("both are imported", async () => {
        imported.push(...(await turn()).imports.map(({ file }) => file));
        return imported.length === 3;
      });
      await outside.inTheEnd();
    } finally {
      service.kill("SIGTERM");
    }
    const { code, stdout, stderr } = await ended;
    assert.equal(code, 0);
    const log = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    const lines = log.split("\n").filter((line) => line.includes("upload_waiting"));
    assert.equal(lines.length, 2, `each file is named once:\n${lines.join("\n")}`);
    outside.checks += 6;
    survived({ fault: "stored by vsftpd as another user with mode 0600", injected: 2, checks: outside.checks });
  },
});

/** Measures a process's share of the processor for two seconds. */
async function cpuShare(pid: number): Promise<number> {
  const ticks = async () => {
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1].split(" ");
    return Number(fields[11]) + Number(fields[12]);
  };
  const before = await ticks();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  return (await ticks() - before) / 200;
}
