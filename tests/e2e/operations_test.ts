/** Types the recipes in `docs/operations.md` for backing up and restoring. */
import assert from "node:assert/strict";
import { Operator } from "../support/operator.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { missingPrograms } from "../support/programs.ts";
import { assertShown, readPage, stepsIn } from "./typed_session.ts";

const unavailable = await serverUnavailable() ?? missingPrograms("psql", "pg_dump", "pg_restore", "setsid");
if (unavailable !== null) console.error(`LEFT OUT: the recipes of operations.md: ${unavailable}`);

Deno.test({
  name: "the recipes for a backup and a restore work, and print what the page shows",
  ignore: unavailable !== null,
  async fn() {
    const page = await readPage("docs/operations.md");
    const [backup, ...more] = stepsIn(page.split("\n## Backup\n")[1].split("\n## Point-in-time recovery\n")[0]);
    const [restore, foreseen, replayed] = more;
    assert.equal(more.length, 3);
    await using database = (await testDatabase())!;
    await using operator = await Operator.make({ databaseUrl: database.url });
    await operator.run("systemctl start rosterd");
    await operator.import("monday.csv", "unique_id,login_source\n1,ldap\n");
    await operator.type(backup);
    await operator.import("tuesday.csv", "unique_id,login_source\n1,ldap\n2,ldap\n");

    await operator.type(restore);

    const users = async () => (await database.sql`select unique_id from rosterd.users`).length;
    assert.equal(await users(), 1);
    const status = await operator.run("rosterd status");
    assert.match(status, /1 roster in bak was never imported by this database/);
    const doctor = await operator.run("rosterd doctor");
    assert.match(doctor, /1 roster in bak was never imported by this database/);
    assertShown(await operator.type(foreseen), foreseen.output!);
    assertShown(await operator.type(replayed), replayed.output!);
    await operator.run("rosterd run || [ $? = 2 ]");
    assert.equal(await users(), 2);
    assert.doesNotMatch(await operator.run("rosterd status"), /never imported/);
  },
});
