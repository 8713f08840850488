/** A settings file that is a mount point cannot be replaced, so its content is overwritten. */
import assert from "node:assert/strict";
import { canMount, withMount } from "../inbox/mounts.ts";
import { Workplace } from "../support/rosterd.ts";
import { TestService } from "../support/service.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";

const unavailable = canMount() ? await serverUnavailable() : "this process may not mount";
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "a settings file that is a mount point can be changed over HTTP and by settings set",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url, withoutMail: true });
    const { settings, data } = service.config;
    const outside = `${service.folder}/outside.json`;
    await Deno.copyFile(settings, outside);
    await withMount(["--bind", outside], settings, async () => {
      const before = await service.fetch("/settings");
      await before.body?.cancel();
      const changed = await service.fetch("/settings", {
        method: "PATCH",
        body: JSON.stringify({ interval_minutes: 7 }),
        headers: { "content-type": "application/json", "if-match": before.headers.get("etag")! },
      });
      assert.deepEqual([changed.status, (await changed.json()).interval_minutes], [200, 7]);
      assert.notEqual(changed.headers.get("etag"), before.headers.get("etag"));
      assert.equal(JSON.parse(await Deno.readTextFile(outside)).interval_minutes, 7);
      await using here = await Workplace.make({ ROSTERD_ADMIN_TOKEN: service.config.adminToken! });
      const set = await here.run("settings", "set", "interval_minutes=8", "--data", data);
      assert.equal(set.code, 0, set.err);
      await service.stop();
      const own = await here.run("settings", "set", "interval_minutes=123456", "--settings", settings);
      assert.equal(own.code, 64, own.err);
      assert.equal((await here.run("settings", "set", "settle_seconds=3", "--settings", settings)).code, 0);
      const { interval_minutes, settle_seconds } = JSON.parse(await Deno.readTextFile(outside));
      assert.deepEqual([interval_minutes, settle_seconds], [8, 3]);
    });
    const left = [...Deno.readDirSync(service.folder)].filter(({ name }) => name.endsWith(".tmp"));
    assert.deepEqual(left, []);
  },
});
