/** The notifications to other programs, received with a real LISTEN on the service's database. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "every import notifies other programs once, with its feed and status, after its users are committed",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({
      databaseUrl: database.url,
      settings: { feeds: { staff: { apply: false } } },
    });
    const heard: { notice: unknown; users: Promise<number> }[] = [];
    await using stack = new AsyncDisposableStack();
    const { unlisten } = await database.sql.listen("rosterd", (payload) => {
      const users = database.sql`select from rosterd.users`.then(({ count }) => count);
      heard.push({ notice: JSON.parse(payload), users });
    });
    stack.defer(unlisten);

    const { id } = await service.import("x.csv", "unique_id,login_source\n1,ldap\n2,\n");
    await until("the first notification", () => heard.length === 1);
    assert.deepEqual(heard[0].notice, { import: id, feed: "", status: "failed_records" });
    assert.equal(await heard[0].users, 1);
    await service.import("staff/x.csv", "unique_id,login_source\n3,ldap\n");
    await service.import("x.csv", "no roster\n");
    await until("all notifications", () => heard.length === 3);
    assert.deepEqual(heard.slice(1).map(({ notice }) => notice), [
      { import: id + 1, feed: "staff", status: "checked" },
      { import: id + 2, feed: "", status: "rejected" },
    ]);
  },
});
