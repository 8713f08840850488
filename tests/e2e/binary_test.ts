/**
 * The compiled binary imports a roster without needing other files, both with the embedded database and with a server.
 */
import assert from "node:assert/strict";
import { copyFile } from "node:fs/promises";
import { HOME } from "../../src/cli/commands/print/host.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { compileBinary } from "../support/compile.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { until } from "../support/until.ts";

const SAMPLE = await Deno.readTextFile(new URL("../testdata/first_import/upload.csv", import.meta.url));
const binary = await compileBinary();
const unavailable = await serverUnavailable();

/** A folder with only the binary and a roster. */
async function emptyFolder(databaseUrl: string | null): Promise<Workplace> {
  const environment: Record<string, string> = databaseUrl === null ? {} : { DATABASE_URL: databaseUrl };
  const here = await Workplace.make({ ROSTERD_LISTEN: "127.0.0.1:0", ...environment }, ["./rosterd"]);
  await copyFile(binary!, here.path("rosterd"));
  await here.write("sample.csv", SAMPLE);
  return here;
}

async function doesTheMainJob(here: Workplace): Promise<void> {
  const embedded = "DATABASE_URL" in here.environment ? [] : ["--embedded"];
  const foreseen = await here.run("check", ...embedded, "sample.csv", "--json");
  assert.deepEqual([foreseen.code, JSON.parse(foreseen.out).checks[0].created], [2, 4], foreseen.err);
  const imported = await here.run("import", ...embedded, "sample.csv", "--json");
  assert.deepEqual([imported.code, JSON.parse(imported.out).imports[0].created], [2, 4], imported.err);

  await here.write("settings.json", JSON.stringify({ settle_seconds: 0 }));
  const service = here.spawn("serve");
  try {
    const { address } = await until("the service listens", () => readJson(here.path("data/service.json")), 30_000);
    await here.write("upload/roster.csv", SAMPLE);
    const token = (await Deno.readTextFile(here.path("data/admin-token"))).trim();
    const headers = { authorization: `Bearer ${token}` };
    await (await fetch(`${address}/imports?wait=true`, { method: "POST", headers })).body?.cancel();
    const { imports } = await (await fetch(`${address}/imports`, { headers })).json() as { imports: ImportEntry[] };
    assert.deepEqual(imports.map(({ file, unchanged, failed }) => [file, unchanged, failed]), [
      ["roster.csv", 4, 5],
      ["sample.csv", 0, 5],
    ]);
    // The request accepts a compressed response, as a browser does.
    const seen = await fetch(`${address}/settings`, { headers });
    await seen.body?.cancel();
    const etag = seen.headers.get("etag")!;
    const changed = await fetch(`${address}/settings`, {
      method: "PATCH",
      body: JSON.stringify({ interval_minutes: 6 }),
      headers: { ...headers, "content-type": "application/json", "if-match": etag },
    });
    assert.deepEqual([changed.status, (await changed.json()).interval_minutes], [200, 6]);
    assert.deepEqual((await here.run("healthcheck")).code, 0);
    assert.equal([...Deno.readDirSync(here.path("upload/bak"))].length, 2);
    assert.match(await (await fetch(`${address}/`)).text(), /<title>rosterd<\/title>/);
    for (const name of ["app.js", "style.css", "icon.svg", "sample-roster.csv", "description.json"]) {
      assert.equal((await (await fetch(`${address}/assets/${name}`)).text()).length > 100, true, name);
    }
  } finally {
    service.kill("SIGTERM");
  }
  const tooLate = setTimeout(() => service.kill("SIGKILL"), 25_000);
  const { code, stderr } = await service.output();
  clearTimeout(tooLate);
  assert.equal(code, 0, new TextDecoder().decode(stderr));
}

async function readJson(path: string): Promise<{ address: string } | null> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test({
  name: "the binary imports a roster with the embedded database",
  ignore: binary === null,
  async fn() {
    await using here = await emptyFolder(null);
    await doesTheMainJob(here);
  },
});

Deno.test({
  name: "the binary imports a roster with a database server",
  ignore: binary === null || unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using here = await emptyFolder(database.url);
    await doesTheMainJob(here);
    const users = await database.sql`select unique_id from rosterd.users order by unique_id`;
    assert.deepEqual(users.map(({ unique_id }) => unique_id), ["1001", "1002", "1003", "1009"]);
  },
});

Deno.test({
  name: "the binary prints a systemd unit with its own path, and the sample roster",
  ignore: binary === null,
  async fn() {
    await using here = await emptyFolder(null);
    const { out } = await here.run("print", "systemd");
    assert.ok(out.includes(`\nExecStart=${await Deno.realPath(here.path("rosterd"))} serve `), out);
    assert.match((await here.run("print", "sample")).out, /^unique_id,login_source,/);
  },
});

const home = Deno.env.get("HOME") ?? "";

Deno.test({
  name: "a binary in a home folder, which services cannot enter, prints the command that copies it elsewhere",
  ignore: binary === null || !HOME.test(home),
  async fn() {
    const folder = await Deno.makeTempDir({ dir: home, prefix: ".rosterd-test-" });
    try {
      await copyFile(binary!, `${folder}/rosterd`);
      await using here = await Workplace.make({}, [`${folder}/rosterd`]);
      const { out } = await here.run("print", "systemd");
      assert.ok(out.includes("\nExecStart=/usr/local/bin/rosterd serve "), out);
      const [, copies] = /^#\$ (\[ .*install -m 0755 .*)$/m.exec(out)!;
      assert.ok(
        copies.endsWith(`install -m 0755 ${await Deno.realPath(folder)}/rosterd /usr/local/bin/rosterd`),
        copies,
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
