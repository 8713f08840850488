/** Lists of files are truncated everywhere, with a count, because a folder may contain thousands of them. */
import assert from "node:assert/strict";
import type { StatusDocument } from "../../src/http/service.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { TestService } from "../support/service.ts";

const FILES = 300;
const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "with 300 waiting and 300 ignored files, status lists the 100 oldest and shows the totals",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url, settings: { settle_seconds: 3_600 } });
    // The file whose name sorts last is the oldest one.
    for (let number = 0; number < FILES; number++) {
      const path = `${service.config.upload}/${String(number).padStart(3, "0")}.csv`;
      await Deno.writeTextFile(path, "unique_id,login_source\n");
      const time = new Date(Date.UTC(2026, 0, 1) - number * 60_000);
      await Deno.utime(path, time, time);
      await Deno.writeTextFile(`${service.config.upload}/${String(number).padStart(3, "0")}.docx`, "");
    }
    await service.turn();

    const status = await service.get<StatusDocument>("/status");
    assert.deepEqual([status.waiting.length, status.waiting_count], [100, FILES]);
    assert.deepEqual([status.ignored.length, status.ignored_count], [100, FILES]);
    assert.deepEqual(Object.keys(status.waiting[0]), ["feed", "name", "code", "text"]);
    assert.equal(status.waiting[0].name, "299.csv");
    assert.equal(status.waiting[99].name, "200.csv");
    const metrics = await (await service.fetch("/metrics")).text();
    assert.match(metrics, /^rosterd_files_waiting\{reason="changing"\} 300$/m);

    await using here = await Workplace.make({
      ROSTERD_DATA: service.config.data,
      ROSTERD_ADMIN_TOKEN: service.config.adminToken!,
    });
    const { out } = await here.run("status");
    assert.match(out, /^ {2}299\.csv: waiting: still changing$/m);
    assert.match(out, /^ {2}… and 200 more files are waiting$/m);
    assert.match(out, /^ {2}ignored: 200 more files$/m);
    assert.ok(out.split("\n").length < 220);
  },
});
