/** `rosterd doctor` names exactly the missing rights (docs/cli.md#doctor). */
import assert from "node:assert/strict";
import type { Finding } from "../../src/domain/finding.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { silentLog } from "../../src/runtime/log.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { importFolder } from "../../src/importer/import_folder.ts";
import { createInbox } from "../../src/inbox/inbox.ts";
import { connectServer, type Database } from "../../src/postgres/connection/connect.ts";
import { checkDatabase } from "../../src/postgres/doctor.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import { approveHold } from "../../src/postgres/history/holds.ts";
import { migrate } from "../../src/postgres/migrate.ts";
import { markCleared } from "../../src/postgres/history/retention_store.ts";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { countsOf, onServer, type RosterDatabase } from "./roster_database.ts";

const never = new AbortController().signal;

/** Runs `test` on the same database as a new role with only the rights of PUBLIC. */
async function asNewRole(db: RosterDatabase, test: (database: Database, role: string) => Promise<void>): Promise<void> {
  const role = `rosterd-test-${crypto.randomUUID().slice(0, 8)}`;
  await db.sql.unsafe(`create role "${role}" login`);
  const url = new URL(db.url!);
  url.username = role;
  const database = connectServer(url.href);
  try {
    await test(database, role);
  } finally {
    await database.close();
    await db.sql.unsafe(`drop owned by "${role}" cascade; drop role "${role}"`);
  }
}

async function findingsOf(database: Database): Promise<Finding[]> {
  const findings: Finding[] = [];
  for await (const finding of checkDatabase(database)) findings.push(finding);
  return findings;
}

onServer("a database that alters values is reported as bad, and the report lists the kinds of values", async (db) => {
  // A role that puts another schema before pg_catalog gets different functions from those that rosterd expects.
  await db.sql.unsafe(`create schema odd;
    create function odd.chr(integer) returns text language sql as $$ select '?' $$`);
  const [{ name }] = await db.sql`select current_database() as name`;
  await db.sql.unsafe(`alter database ${name} set search_path = odd, pg_catalog`);
  const database = connectServer(db.url!);
  const [finding] = await findingsOf(database).finally(() => database.close());
  assert.deepEqual([finding.check, finding.verdict], ["database", "bad"]);
  assert.equal(finding.text, "some values do not survive a round trip: a text, a letter with an accent");
});

const isBad = ({ verdict }: Finding) => verdict === "bad";

/** Follows the advice given for each bad finding, as a superuser. */
async function obey(db: RosterDatabase, findings: readonly Finding[]): Promise<void> {
  for (const { fix } of findings.filter(isBad)) {
    const statement = /superuser: ((?:grant|alter) [^;]+);$/.exec(fix!)?.[1];
    if (statement !== undefined) await db.sql.unsafe(statement);
  }
}

onServer("doctor reports a role that may not create the schema, and accepts it after the grant", async (db) => {
  await asNewRole(db, async (database, role) => {
    const [{ name }] = await db.sql`select current_database() as name`;
    await db.sql.unsafe(`revoke temporary on database ${name} from public`);
    const found = await findingsOf(database);
    assert.deepEqual(found.map(({ check, verdict }) => [check, verdict]), [
      ["database", "good"],
      ["schema", "good"],
      ["rights", "bad"],
      ["rights", "bad"],
    ]);
    assert.equal(found[2].text, `the user "${role}" cannot create temporary tables`);
    assert.equal(found[3].text, `the user "${role}" cannot create the schema rosterd`);
    await assert.rejects(migrate(database.sql), { code: "42501" });

    await obey(db, found);

    assert.deepEqual((await findingsOf(database)).map(({ verdict }) => verdict), ["good", "good", "good"]);
    assert.ok(await migrate(database.sql) > 0);
    assert.equal((await findingsOf(database)).filter(({ verdict }) => verdict !== "good").length, 0);
  });
}, { migrated: false });

onServer("the right to create a schema is not needed if the schema exists", async (db) => {
  await asNewRole(db, async (database, role) => {
    await db.sql.unsafe(`create schema rosterd authorization "${role}"`);
    assert.deepEqual((await findingsOf(database)).map(({ verdict }) => verdict), ["good", "good", "good"]);
    assert.ok(await migrate(database.sql) > 0);
  });
}, { migrated: false });

/** Performs every kind of work that rosterd and its admins do in the database. */
async function work(db: RosterDatabase, database: Database): Promise<void> {
  const settings = {
    ...DEFAULT_SETTINGS,
    archive_inactive_users: true,
    missing_users: "archive" as const,
    archive_guard: { max_percent: 0, min_users: 1 },
    failed_import_email: "registry@example.edu",
    reply_to_admin_email: "admin@example.edu",
    smtp: { ...DEFAULT_SETTINGS.smtp, host: "mail.example.edu" },
  };
  const store = new PostgresImportStore(database);
  const roster = "unique_id,login_source,city,active\n";
  const first = await db.import(roster + "1,ldap,Hull,1\n2,ldap,Hull,1\n3,ldap,Hull,1\n4,,Hull,1\n", {
    settings,
    store,
  });
  assert.deepEqual(countsOf(first), { records: 4, created: 3, failed: 1 });
  await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1'), ('P2', '2'), ('P3', '3')`;
  const one = await db.import(roster + "1,ldap,Hull,0\n2,ldap,Hull,1\n3,ldap,Hull,1\n", { settings, store });
  assert.deepEqual(countsOf(one), { records: 3, unchanged: 2, archived: 1, permits_released: 1 });

  const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
  try {
    await Deno.writeTextFile(`${folder}/x.csv`, roster + "1,ldap,Hull,1\n2,ldap,Ottawa,0\n3,ldap,Ottawa,0\nx\n");
    const inbox = createInbox({ upload: folder, clock: systemClock, log: silentLog });
    const turn = { inbox, store, settings: { ...settings, settle_seconds: 0 }, clock: systemClock, log: silentLog };
    const rest = { feed: "", isPaused: () => false, signal: never, onProgress: () => {}, stopsAll: () => true };
    const { imported } = await importFolder({ ...turn, ...rest }, await inbox.scan(0));
    const [{ status }] = await db.sql`select status from rosterd.imports where id = ${imported[0]}`;
    assert.equal(status, "held");
    assert.equal((await approveHold(database, imported[0], never, "admin"))!.permits_released, 2);
    assert.equal((await undoImport(database, imported[0], never, "admin"))!.permits_restored, 2);
    assert.equal((await db.sql`select * from rosterd.outbox`).length, 3);
    await markCleared(database.sql, imported[0], new Date());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

onServer(
  "on the schema of another role, doctor names each missing right, and rosterd works after the grants",
  async (db) => {
    await asNewRole(db, async (database, role) => {
      const bare = await findingsOf(database);
      assert.ok(bare.some(({ text }) => text === `the user "${role}" cannot use the schema rosterd`));
      assert.ok(bare.some(({ text }) => text === `the user "${role}" cannot use SELECT, UPDATE on rosterd.permits`));
      await obey(db, bare);
      const granted = await findingsOf(database);
      assert.deepEqual(granted.filter(isBad), []);
      assert.match(
        granted[2].text,
        /belongs to postgres, not to "[\w-]+": a later version of rosterd could not upgrade the schema$/,
      );

      await work(db, database);

      const grants = await db.sql`
      select table_name, privilege_type from information_schema.role_table_grants
      where grantee = ${role} and table_schema = 'rosterd'`;
      assert.ok(grants.length > 15);
      for (const { table_name, privilege_type } of grants) {
        await db.sql.unsafe(`revoke ${privilege_type} on rosterd.${table_name} from "${role}"`);
        const [missing, ...others] = (await findingsOf(database)).filter(({ check }) => check === "rights").filter(
          isBad,
        );
        assert.equal(missing.text, `the user "${role}" cannot use ${privilege_type} on rosterd.${table_name}`);
        assert.deepEqual(others, []);
        await obey(db, [missing]);
      }
      await db.sql.unsafe("revoke execute on function rosterd.release_permits from public");
      const [call] = (await findingsOf(database)).filter(isBad);
      assert.match(call.text, /cannot call rosterd\.release_permits\(/);
      await obey(db, [call]);
      assert.deepEqual((await findingsOf(database)).filter(isBad), []);
    });
  },
);

/** Returns a statement that drops each constraint and index of the schema. */
async function everyDrop({ sql }: RosterDatabase): Promise<{ name: string; drop: string }[]> {
  return await sql<{ name: string; drop: string }[]>`
    select conname as name, format('alter table %s drop constraint %I cascade', conrelid::regclass, conname) as drop
    from pg_constraint where connamespace = 'rosterd'::regnamespace and contype in ('p', 'u', 'c', 'f')
    union all
    select c.relname, format('drop index %s', c.oid::regclass) from pg_class as c
    where relnamespace = 'rosterd'::regnamespace and relkind = 'i' and not exists (select from pg_constraint where conindid = c.oid)`;
}

onServer("doctor names each lost key, check and index, and the suggested statement restores it", async (db) => {
  const drops = await everyDrop(db);
  assert.ok(drops.length > 30);
  for (const { name, drop } of drops) {
    await db.sql.unsafe(drop);
    const lost = (await findingsOf(db.database)).filter(({ verdict }) => verdict !== "good");
    assert.ok(lost.some(({ check, text }) => check === "structure" && text.endsWith(` ${name}`)), name);
    for (const { fix } of lost) await db.sql.unsafe(/superuser: (.+);$/.exec(fix!)![1]);
    assert.deepEqual((await findingsOf(db.database)).filter(({ verdict }) => verdict !== "good"), [], name);
  }
});

onServer("doctor warns of disabled triggers, including foreign-key triggers", async (db) => {
  await db.sql.unsafe(`
    create function rosterd.noted() returns trigger language plpgsql as 'begin return null; end';
    create trigger "Door" after update on rosterd.users for each row execute function rosterd.noted();
    alter table rosterd.users disable trigger "Door";
    alter table rosterd.outbox disable trigger all`);
  const found = (await findingsOf(db.database)).filter(({ verdict }) => verdict === "warning");
  assert.deepEqual(found.map(({ text }) => text).sort(), [
    "the foreign-key triggers on rosterd.outbox are switched off",
    'the trigger "Door" on rosterd.users is switched off',
  ]);
  for (const { fix } of found) await db.sql.unsafe(/superuser: ([^;]+);$/.exec(fix!)![1]);
  assert.deepEqual((await findingsOf(db.database)).filter(({ verdict }) => verdict !== "good"), []);
});

onServer("doctor says how many connections rosterd needs if the role or the database allows fewer", async (db) => {
  await asNewRole(db, async (database, role) => {
    const [{ name }] = await db.sql`select quote_ident(current_database()) as name`;
    await db.sql.unsafe(`alter role "${role}" connection limit 9; alter database ${name} connection limit 4`);
    const found = (await findingsOf(database)).filter(({ check }) => check === "connections");
    assert.deepEqual(found.map(({ verdict, text }) => [verdict, text]), [
      ["bad", `the role "${role}" is limited to 9 connections, but rosterd needs 10`],
      ["bad", `the database ${name} is limited to 4 connections, but rosterd needs 10`],
    ]);
    await obey(db, found);
    assert.deepEqual((await findingsOf(database)).filter(({ check }) => check === "connections"), []);
  });
});

onServer("an import fails with doctor's message if row security would hide rows", async (db) => {
  await asNewRole(db, async (database, role) => {
    await obey(db, await findingsOf(database));
    await db.import("unique_id,login_source\n1,ldap\n");
    await db.sql`alter table rosterd.users enable row level security`;
    const store = new PostgresImportStore(database);
    for (const roster of ["unique_id,login_source\n1,ldap\n", "unique_id,login_source\n2,ldap\n"]) {
      const { status, reason } = await db.import(roster, { store });
      const [found] = (await findingsOf(database)).filter(isBad);
      assert.equal(found.text, `row security on rosterd.users hides rows from the user "${role}": no import can run`);
      assert.deepEqual([status, reason!.code, reason!.text], ["error", "42501", `${found.text}. ${found.fix}`]);
    }
    await obey(db, await findingsOf(database));
    const { unchanged } = await db.import("unique_id,login_source\n1,ldap\n", { store });
    assert.equal(unchanged, 1);
  });
});

onServer("an import without a right names exactly the missing right", async (db) => {
  await asNewRole(db, async (database, role) => {
    await obey(db, await findingsOf(database));
    await db.sql.unsafe(`revoke insert on rosterd.users from "${role}"`);
    const { reason } = await db.import("unique_id,login_source\n1,ldap\n", {
      store: new PostgresImportStore(database),
    });
    assert.equal(
      reason!.text,
      `the user "${role}" cannot use INSERT on rosterd.users. ` +
        `Run as the owner, or as a superuser: grant insert on rosterd.users to "${role}";`,
    );
  });
});
