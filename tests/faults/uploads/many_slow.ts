/** 10,000 uploads at once in one sftp session. `ROSTERD_UPLOADS` sets the number. */
import assert from "node:assert/strict";
import { mkdir, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { UploadPlace, withoutSftp } from "./place.ts";
import { whole } from "./rosters.ts";
import { survived } from "../verdict.ts";

const unavailable = await withoutSftp();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const FILES = Number(Deno.env.get("ROSTERD_UPLOADS") ?? 10_000);
/** A step that is coprime to the number of files, so that sorting by time and by name gives different orders. */
const STRIDE = 7_919;

Deno.test({
  name: `${FILES} uploads at once are all imported, oldest first, and a scan of them takes less than 5 s`,
  ignore: unavailable !== null,
  async fn(t) {
    await using place = await UploadPlace.open({ settle_seconds: 3_600 });
    const { service, outside, database: { sql } } = place;
    const inOrder = await makeFiles(place);
    const took = stopwatch();
    await (await place.sftp()).batch(`put -p ${join(place.base, "many")}/* .`).done();
    const uploading = took();
    assert.deepEqual(await service.turn(), []);
    assert.equal((await place.waiting()).length, FILES);
    const look = stopwatch();
    assert.deepEqual(await service.turn(), []);
    // A turn scans twice: once before its imports, and once for the status.
    const looking = look() / 2;
    assert.ok(looking < 5, `a scan took ${looking} s`);

    const patch = { method: "PATCH", headers: { "content-type": "application/merge-patch+json" } };
    assert.equal((await service.fetch("/settings", { ...patch, body: '{"settle_seconds": 30}' })).status, 200);
    await place.allSettled(inOrder);
    const importing = stopwatch();
    assert.equal((await service.fetch("/imports", { method: "POST" })).status, 202);
    let slowest = 0;
    await until("all are imported and in bak", async () => {
      const answer = stopwatch();
      await place.running();
      slowest = Math.max(slowest, answer());
      const [{ over }] = await sql<{ over: number }[]>`
        select count(*) as over from rosterd.imports where bak_file is not null`;
      return over === FILES;
    }, 3_600_000);
    const perFile = importing() / FILES;
    assert.ok(slowest < 5, `HTTP answered after ${slowest} s`);
    const order = await sql<{ file: string }[]>`select file from rosterd.imports order by id`;
    assert.deepEqual(order.map(({ file }) => file), inOrder);
    outside.checks += 3;
    await service.turn();
    await outside.inTheEnd();
    console.log(
      `${t.name}: uploaded in ${uploading.toFixed(1)} s, a look ${looking.toFixed(2)} s, ` +
        `imported at ${(1_000 * perFile).toFixed(1)} ms each, slowest answer meanwhile ${slowest.toFixed(2)} s`,
    );
    survived({ fault: `${FILES} uploads at once`, injected: FILES, checks: outside.checks });
  },
});

/**
 * Creates the files in pairs with the same time, so that the names decide the order within each pair. Returns the names
 * in import order.
 */
async function makeFiles(place: UploadPlace): Promise<string[]> {
  const folder = join(place.base, "many");
  await mkdir(folder);
  const names: string[] = [];
  for (let age = 0; age < FILES; age++) {
    const name = `x${String((age * STRIDE) % FILES).padStart(5, "0")}.csv`;
    const file = whole(name, { prefix: name, records: 1 });
    const time = 1_700_000_000 + Math.floor(age / 2);
    await writeFile(join(folder, name), file.content);
    await utimes(join(folder, name), time, time);
    place.outside.expect(file);
    names.push(name);
  }
  const pairs = Array.from({ length: FILES / 2 }, (_, pair) => names.slice(2 * pair, 2 * pair + 2).sort());
  return pairs.flat();
}

/** Returns a function that returns the number of seconds since this call. */
function stopwatch(): () => number {
  const start = performance.now();
  return () => (performance.now() - start) / 1_000;
}
