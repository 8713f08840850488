/** A customer whose permits are in another system replaces the three functions (docs/database.md#permit-functions). */
import assert from "node:assert/strict";
import { countsOf, onServer, type RosterDatabase } from "./roster_database.ts";

const GONE = "unique_id,login_source,active\n2,ldap,0\n1,ldap,0\n3,ldap,1\n";
const settings = { archive_inactive_users: true };

async function replace(db: RosterDatabase, body: string, returns = "bigint"): Promise<void> {
  await db.sql.unsafe(`
    create table if not exists calls (user_ids text[], import_id bigint, called_at timestamptz);
    drop function if exists rosterd.release_permits(text[], bigint);
    create function rosterd.release_permits(user_ids text[], import_id bigint) returns ${returns} language plpgsql as
    $$ begin ${body} end $$`);
}

const NOTE_CALL = "insert into calls values (user_ids, import_id, now()); return 42;";

onServer("a replaced release_permits is called once, with all users, in the transaction of the import", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" }, { unique_id: "3" });
  await db.sql`insert into rosterd.permits (unique_id) values ('1')`;
  await replace(db, NOTE_CALL, "integer");

  const report = await db.import(GONE, { settings });

  assert.deepEqual(countsOf(report), { records: 3, archived: 2, unchanged: 1, permits_released: 42 });
  const [{ called_at }] = await db.sql`select archived_at as called_at from rosterd.users where unique_id = '1'`;
  assert.deepEqual([...await db.sql`select * from calls`], [{ user_ids: ["1", "2"], import_id: report.id, called_at }]);
  assert.deepEqual([...await db.sql`select status from rosterd.permits`], [{ status: "active" }]);
});

onServer("release_permits is not called if no user is archived", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2", state: "archived" });
  await replace(db, NOTE_CALL);

  await db.import("unique_id,login_source,active\n1,ldap,1\n2,ldap,0\n", { settings });

  assert.deepEqual([...await db.sql`select * from calls`], []);
});

onServer("an import is rolled back if release_permits fails", async (db) => {
  await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
  const before = await db.users();
  await replace(db, "raise exception 'permits are away' using errcode = 'PR001';");

  const report = await db.import(GONE, { settings });

  assert.deepEqual([report.status, report.reason?.code, countsOf(report)], ["error", "PR001", {}]);
  assert.deepEqual(await db.users(), before);
});

onServer("migrate keeps a replaced function", async (db) => {
  await replace(db, NOTE_CALL);
  const source = () => db.sql`select prosrc from pg_proc where proname = 'release_permits'`;
  const before = [...await source()];

  await db.migrate();

  assert.deepEqual([...await source()], before);
});

onServer("a function that existed before rosterd is kept, and missing functions are created", async (db) => {
  await db.sql`create schema rosterd`;
  await replace(db, NOTE_CALL);

  await db.migrate();

  const functions = await db.sql`
    select proname as name, prosrc like '%calls%' as replaced from pg_proc
    where pronamespace = 'rosterd'::regnamespace and proname like '%permits' order by 1`;
  assert.deepEqual([...functions], [
    { name: "move_permits", replaced: false },
    { name: "release_permits", replaced: true },
    { name: "restore_permits", replaced: false },
  ]);
}, { migrated: false });
