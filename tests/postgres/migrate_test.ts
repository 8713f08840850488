/**
 * Starting creates or upgrades the schema (docs/database.md#migrations). `ACCEPT=1 deno test -A …` rewrites
 * `schema.sql`.
 */
import assert from "node:assert/strict";
import { migrate, SchemaTooNew } from "../../src/postgres/migrate.ts";
import { listImports } from "../../src/postgres/history/history.ts";
import { describeSchema } from "./describe_schema.ts";
import { onEachDatabase, onServer, type RosterDatabase } from "./roster_database.ts";

const GOLDEN = new URL("./schema.sql", import.meta.url);

onEachDatabase("the migrations create the schema in schema.sql", async (db) => {
  const schema = await describeSchema(db.sql);
  if (Deno.env.get("ACCEPT") === "1" && db.database.kind === "server") await Deno.writeTextFile(GOLDEN, schema);

  assert.equal(schema, await Deno.readTextFile(GOLDEN));
});

const numbers = async (db: RosterDatabase) =>
  (await db.sql`select number from rosterd.migrations order by number`).map(({ number }) => number);

onServer("if several processes start at once on an empty database, one of them creates the schema", async (db) => {
  const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(db.database.sql)));

  const [made] = applied.filter((count) => count > 0);
  assert.deepEqual(applied.toSorted(), [0, 0, 0, made]);
  assert.deepEqual(await numbers(db), Array.from({ length: made }, (_, at) => at + 1));
}, { migrated: false });

onServer("a second start changes nothing", async (db) => {
  await db.addUsers({ unique_id: "1" });
  const before = [await db.users(), await describeSchema(db.sql), await numbers(db)];

  assert.equal(await db.migrate(), 0);

  assert.deepEqual([await db.users(), await describeSchema(db.sql), await numbers(db)], before);
});

onServer("the schema of an older rosterd is upgraded and keeps its users", async (db) => {
  const schema = await describeSchema(db.sql);
  await db.addUsers({ unique_id: "1" });
  await db.sql`drop function rosterd.release_permits(text[], bigint), rosterd.restore_permits(bigint)`;
  await db.sql`drop table rosterd.import_changes, rosterd.import_held, rosterd.trial_changes,
    rosterd.known_records, rosterd.known_state, rosterd.erasures, rosterd.dismissed_files, rosterd.moved_permits`;
  await db.sql`alter table rosterd.imports drop column settings_digest, add column settings jsonb not null`;
  await db.sql`drop table rosterd.import_settings`;
  await db
    .sql`insert into rosterd.imports (file, settings) values ('1.csv', '{"a": 1}'), ('2.csv', '{"a": 1}'), ('3.csv', '{}')`;
  await db.sql`alter table rosterd.users drop column created_by_import, drop column feeds,
    drop column inactive_since`;
  await db.sql`alter table rosterd.imports drop column hold_state, drop column hold_reason,
    drop column hold_ended_at, drop column hold_kind, drop column hold_columns, drop column hold_ended_by,
    drop column approves, drop column file_gone_at, drop column decisions, drop column feed, drop column erased,
    drop column uploaded_by, drop column renamed, drop column merged, drop column failed_new, drop column failed_fixed,
    drop column hold_losses`;
  await db.sql`alter table rosterd.import_failures drop column keys, drop column name, drop column since,
    drop column open_feed`;
  await db.sql`delete from rosterd.migrations where number > 1`;

  assert.ok(await db.migrate() > 0);

  assert.equal(await describeSchema(db.sql), schema);
  assert.deepEqual(Object.keys(await db.users()), ["1"]);
  const { imports } = await listImports(db.sql, { limit: 9 });
  assert.deepEqual(imports.map(({ file, settings }) => [file, settings]), [["3.csv", {}], ["2.csv", { a: 1 }], [
    "1.csv",
    {
      a: 1,
    },
  ]]);
  const [{ versions }] = await db.sql`select count(*)::integer as versions from rosterd.import_settings`;
  assert.equal(versions, 2);
});

onServer("the schema of a newer rosterd is refused and left unchanged", async (db) => {
  await db.sql`insert into rosterd.migrations (number) values (999)`;

  await assert.rejects(db.migrate(), (error: Error) => {
    assert.ok(error instanceof SchemaTooNew);
    assert.match(
      error.message,
      /^the database has schema 999, but this version of rosterd needs schema \d+: start a newer version$/,
    );
    return true;
  });
  const report = await db.check("unique_id,login_source\n1,ldap\n");
  assert.equal(report.status, "error");
  assert.match(report.reason!.text, /start a newer version/);
});

onServer("a failed migration is rolled back completely", async (db) => {
  await db.sql.unsafe("create schema rosterd; create table rosterd.imports (mine text)");

  await assert.rejects(db.migrate(), { code: "42P07" });

  const [{ left }] = await db.sql`
    select array_agg(relname::text) as left from pg_class where relnamespace = 'rosterd'::regnamespace and relkind = 'r'`;
  assert.deepEqual(left, ["imports"]);
}, { migrated: false });
