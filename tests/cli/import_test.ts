/** Tests `rosterd import` with a roster on disk while no service is running. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const ROSTER = `unique_id,login_source,first_name,last_name,user_type_id,data_of_birth
1001,ldap,Anna,Tremblay,student,2001-05-17
1002,ldap,Omar,Singh,student,30/11/1999
`;

Deno.test({
  name: "a roster is checked and imported, and its corrected failed record is imported again",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    const json = async (...words: string[]) => {
      const { code, out } = await here.run(...words, "--json");
      const { checks, imports } = JSON.parse(out), [{ created, unchanged, failed }] = checks ?? imports;
      return { code, created, unchanged, failed };
    };
    await here.write("roster.csv", ROSTER);

    assert.deepEqual(await json("check", "roster.csv"), { code: 2, created: 1, unchanged: 0, failed: 1 });
    const [{ users }] = await database.sql`select to_regclass('rosterd.users') as users`;
    assert.equal(users, null, "a check writes nothing, not even the schema");

    const imported = await json("import", "roster.csv", "--failed-file", "failed.csv");
    assert.deepEqual(imported, { code: 2, created: 1, unchanged: 0, failed: 1 });

    const failed = await Deno.readTextFile(here.path("failed.csv"));
    assert.match(failed, /,'30\/11\/1999,3,data_of_birth,9033,/, "the line, the column and the code follow the record");
    await here.write("corrected.csv", failed.replace("'30/11/1999", "'1999-11-30"));
    const corrected = await json("import", "corrected.csv");
    assert.deepEqual(corrected, { code: 0, created: 1, unchanged: 0, failed: 0 });

    const all = await database.sql`select unique_id, date_of_birth::text as born from rosterd.users order by 1`;
    assert.deepEqual([...all], [{ unique_id: "1001", born: "2001-05-17" }, { unique_id: "1002", born: "1999-11-30" }]);
    assert.equal(await Deno.readTextFile(here.path("roster.csv")), ROSTER, "the roster stays where and as it is");
  },
});
