/** The example in the README: its roster and its failed records. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { TestService } from "../support/service.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the test of the README's example: ${unavailable}`);

Deno.test({
  name: "the roster in the README produces the failed records that the README shows",
  ignore: unavailable !== null,
  async fn() {
    const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
    const [roster, failed] = [...readme.matchAll(/```csv\n(.*?)```/gs)].map(([, block]) => block);
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    const { records, created, failed_file, started_at } = await service.import("roster.csv", roster);
    assert.deepEqual({ records, created }, { records: 2, created: 1 });
    const kept = await Deno.readTextFile(join(service.upload, "bak", failed_file!));
    const now = failed.replace("2026-11-23T18:45:11Z", started_at.replace(/\.\d+/, ""));
    assert.equal(kept, "\ufeff" + now.replaceAll("\n", "\r\n"));
  },
});
