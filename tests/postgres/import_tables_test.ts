/** The temporary tables of imports last as long as their session, except with a pooler. */
import assert from "node:assert/strict";
import { connectServer } from "../../src/postgres/connection/connect.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import { pgbouncerIsMissing, startPgbouncer } from "../support/pgbouncer.ts";
import { serverUnavailable } from "../support/postgres.ts";
import { countsOf, onServer, type RosterDatabase } from "./roster_database.ts";

const noPooler = await serverUnavailable() ?? pgbouncerIsMissing();
if (noPooler !== null) console.error(`LEFT OUT: the test of ${import.meta.url} with PgBouncer: ${noPooler}`);

const HEADER = "unique_id,login_source,user_name,active\n";

/** Returns the oids of all sessions' temporary tables, by table name. */
async function tablesOf({ sql }: RosterDatabase): Promise<Record<string, number>> {
  const rows = await sql<{ oid: number; relname: string }[]>`
    select oid::int, relname from pg_class where relpersistence = 't' and relkind = 'r'
      and relnamespace <> 'pg_toast'::regnamespace order by relname`;
  return Object.fromEntries(rows.map(({ relname, oid }) => [relname, oid]));
}

onServer("consecutive imports use the same tables, which are empty at the start of each import", async (db) => {
  const first = await db.import(`${HEADER}1,ldap,ann,1\n2,ldap,Ann,1\n2,ldap,bob,1\n3,ldap,cy,9\n4,ldap,di,0\n`, {
    settings: { archive_inactive_users: true },
  });
  assert.deepEqual(countsOf(first), { records: 5, created: 2, failed: 3 });
  const tables = await tablesOf(db);
  const names = [
    "archived",
    "claims",
    "missing",
    "overruled",
    "plan",
    "possible_duplicates",
    "repeats",
    "staged",
    "taken",
    "unmet",
  ];
  assert.deepEqual(Object.keys(tables), names);

  const second = await db.import(`${HEADER}5,ldap,ed,1\n`);
  assert.deepEqual(countsOf(second), { records: 1, created: 1 });
  const third = await db.import("unique_id,login_source,first_name,missing\n1,ldap,Ann,\n");
  assert.deepEqual(countsOf(third), { records: 1, updated: 1 });
  assert.deepEqual(await tablesOf(db), tables);
});

onServer("the tables exist for the next import after an import is rolled back", async (db) => {
  assert.equal((await db.import("nothing\n")).status, "rejected");
  assert.deepEqual(countsOf(await db.import(`${HEADER}1,ldap,ann,1\n`)), { records: 1, created: 1 });
  assert.equal((await db.import(`${HEADER}2,ldap,"`)).status, "rejected");
  assert.deepEqual(countsOf(await db.import(`${HEADER}3,ldap,cy,1\n`)), { records: 1, created: 1 });
  assert.deepEqual(countsOf(await db.check(`${HEADER}4,ldap,di,1\n`)), { records: 1, created: 1 });
  assert.deepEqual(countsOf(await db.import(`${HEADER}4,ldap,di,1\n`)), { records: 1, created: 1 });
});

if (noPooler === null) {
  onServer("behind a pooler, other clients cannot see an import's tables", async (db) => {
    await using pooled = await startPgbouncer(db.url!);
    const database = connectServer(pooled.url);
    try {
      const store = new PostgresImportStore(database);
      for (const id of ["1", "2"]) {
        assert.deepEqual(countsOf(await db.import(`${HEADER}${id},ldap,user${id},1\n`, { store })), {
          records: 1,
          created: 1,
        });
        assert.deepEqual(await tablesOf(db), {});
      }
    } finally {
      await database.close();
    }
  });
}
