/** Server, database or role settings that change how values are printed or parsed have no effect on rosterd. */
import assert from "node:assert/strict";
import { connectServer } from "../../src/postgres/connection/connect.ts";
import { checkDatabase } from "../../src/postgres/doctor.ts";
import { pgbouncerIsMissing, startPgbouncer } from "../support/pgbouncer.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);
const noPooler = unavailable ?? pgbouncerIsMissing();
if (noPooler !== null) console.error(`LEFT OUT: the test of ${import.meta.url} with PgBouncer: ${noPooler}`);

const SETTINGS: readonly [string, string][] = [
  ...[["DateStyle", "German"], ["DateStyle", "SQL, DMY"], ["DateStyle", "Postgres, MDY"], [
    "IntervalStyle",
    "sql_standard",
  ]],
  ...[["standard_conforming_strings", "off"], ["bytea_output", "escape"], ["TimeZone", "Asia/Kathmandu"]],
  ...[["extra_float_digits", "-15"], ["client_encoding", "LATIN1"], ["array_nulls", "off"], ["search_path", "nowhere"]],
  ...[["statement_timeout", "2s"], ["lock_timeout", "1ms"], ["idle_in_transaction_session_timeout", "1s"]],
  ...[["default_transaction_isolation", "serializable"], ["quote_all_identifiers", "on"], [
    "transform_null_equals",
    "on",
  ]],
  ...[["lc_messages", "C"], ["lc_numeric", "C"], ["backslash_quote", "off"], ["default_transaction_deferrable", "on"]],
] as [string, string][];

const ROSTER =
  "unique_id,login_source,first_name,date_of_birth,active\n1,ldap,Zoë \\x41,1999-12-31,1\n2,ldap,,2001-02-03,0\n";

async function importsWell(service: TestService, name: string): Promise<void> {
  const first = await service.import(`${name}.csv`, ROSTER);
  assert.deepEqual([first.status, first.created, first.reason], ["done", 2, null], name);
  const changed = await service.import(`${name}2.csv`, ROSTER.replace("1999-12-31", "1999-11-30"));
  assert.deepEqual([changed.updated, changed.unchanged], [1, 1], name);
  const undone = await service.fetch(`/imports/${changed.id}/undo`, { method: "POST" });
  assert.equal((await undone.json()).restored, 1, name);
}

Deno.test({
  name: "an import, its undo and doctor work with every setting of the database",
  ignore: unavailable !== null,
  async fn(t) {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({ databaseUrl: database.url, withoutMail: true });
    const [{ name }] = await database.sql`select current_database() as name`;
    for (const [setting, value] of SETTINGS) {
      await t.step(`${setting} = ${value}`, async () => {
        await service.stop();
        await database.sql.unsafe(`alter database ${name} reset all`);
        await database.sql.unsafe(`alter database ${name} set ${setting} = '${value}'`);
        await service.restart();
        await database.sql.unsafe("truncate rosterd.users, rosterd.known_records");
        await importsWell(service, setting);
        const [{ born, first_name }] = await database.sql`
          select to_char(date_of_birth, 'YYYY-MM-DD') as born, first_name from rosterd.users where unique_id = '1'`;
        assert.deepEqual([born, first_name], ["1999-12-31", "Zoë \\x41"]);
        const own = connectServer(database.url);
        const findings = await Array.fromAsync(checkDatabase(own)).finally(() => own.close());
        assert.deepEqual(findings.filter(({ verdict }) => verdict === "bad"), []);
      });
    }
  },
});

Deno.test({
  name: "imports work behind PgBouncer in transaction mode, with DateStyle German in the database",
  ignore: noPooler !== null,
  async fn() {
    await using database = (await testDatabase())!;
    const [{ name }] = await database.sql`select current_database() as name`;
    await database.sql.unsafe(`alter database ${name} set DateStyle = 'German'`);
    await database.sql.unsafe(`alter database ${name} set bytea_output = 'escape'`);
    await using pooled = await startPgbouncer(database.url);
    await using service = await TestService.start({ databaseUrl: pooled.url, withoutMail: true });
    await importsWell(service, "pooled");
    const { findings } = await service.get<{ findings: { check: string; verdict: string }[] }>("/doctor");
    assert.equal(findings.find(({ check }) => check === "database")?.verdict, "good");
  },
});
