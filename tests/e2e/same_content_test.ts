import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const roster = (city: string) => `unique_id,login_source,city\n1,SSO,${city}\n2,SSO,Hull\n`;

Deno.test({
  name: "import and check warn if an older roster is imported again after another one, and name the earlier import",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url });
    const codes = async (name: string, text: string) => {
      const { warnings } = await service.import(name, text);
      return warnings.map(({ code }) => code);
    };
    const first = await service.import("monday.csv", roster("Ottawa"));
    await database.sql`update rosterd.imports set started_at = '2026-11-28 23:30Z' where id = ${first.id}`;
    assert.deepEqual(await codes("again.csv", roster("Ottawa")), [], "the same roster again");
    await database.sql`update rosterd.imports set started_at = '2026-11-28 23:40Z' where id > ${first.id}`;
    assert.deepEqual(await codes("tuesday.csv", roster("Ajax")), []);

    const response = await service.fetch("/check?name=monday.csv", {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: roster("Ottawa"),
    });
    const checked = await response.json();
    const { id, warnings } = await service.import("monday.csv", roster("Ottawa"));
    const text = `the same file was imported before, as import ${first.id + 1} on 28 Nov 2026: later changes may be ` +
      "reversed. If this was a mistake, undo this import and upload the newest roster";
    assert.deepEqual(warnings, [{ code: "same_content", text }]);
    assert.deepEqual(checked.warnings, warnings);

    assert.deepEqual(await codes("monday.csv", roster("Ottawa")), [], "no user would change back any longer");
    const undone = await service.fetch(`/imports/${id}/undo`, { method: "POST" });
    assert.equal(undone.status, 200, await undone.text());
  },
});
