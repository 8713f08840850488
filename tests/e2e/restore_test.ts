/** Tests restoring a database from a dump, with the service stopped or running (docs/reliability.md#restore). */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { TestDatabase } from "../support/postgres.ts";
import { missingPrograms, run } from "../support/programs.ts";
import { Workplace } from "../support/rosterd.ts";
import type { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";
import { onService } from "./http_case.ts";

const missing = missingPrograms("pg_dump", "pg_restore");
if (missing !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${missing}`);

const ROSTER = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,Ottawa\n3,ldap,Ottawa\n";
const FAILING = "unique_id,login_source\n,ldap\n";
const OFF = { change_guard: { max_percent: 100, min_users: 0 } };
const GUARD = { change_guard: { max_percent: 0, min_users: 0 } };

interface Restorable {
  service: TestService;
  database: TestDatabase;
  /** Resets the schema to its state at the start of the test, while the service is stopped. */
  restore: (between?: () => Promise<void>) => Promise<void>;
}

/** Runs a test after importing `monday.csv` and taking a dump. */
function onRestorable(name: string, test: (restorable: Restorable) => Promise<void>): void {
  if (missing !== null) return;
  onService(name, GUARD, async (service, database) => {
    await service.import("monday.csv", ROSTER);
    const dump = join(service.folder, "dump");
    await run("pg_dump", "--format=custom", "--schema=rosterd", `--file=${dump}`, database.url);
    await test({
      service,
      database,
      restore: async (between = async () => {}) => {
        await service.stop();
        await database.sql`drop schema rosterd cascade`;
        await run("pg_restore", `--dbname=${database.url}`, dump);
        await between();
        await service.restart();
      },
    });
  });
}

onRestorable("after a restore, no import gets an id that an earlier email contains", async ({ service, restore }) => {
  const failed = await service.import("tuesday.csv", FAILING);
  const last = await service.import("wednesday.csv", FAILING.replace(",ldap", ",sso"));
  await until("both mails were sent", () => service.smtp.mails.length === 2);
  await restore();
  const again = await service.import("thursday.csv", FAILING.replace(",ldap", ",saml"));
  assert.ok(failed.id < last.id && last.id < again.id, `${again.id} comes after ${last.id}`);
  const next = await service.import("friday.csv", FAILING.replace(",ldap", ",local"));
  assert.equal(next.id, again.id + 1, "no more ids are skipped than necessary");
});

onRestorable("neither a replayed roster nor an approval gets an id that was already used", async (
  { service, database, restore },
) => {
  const tuesday = await service.import("tuesday.csv", ROSTER.replaceAll("Ottawa", "Hull"));
  assert.equal(tuesday.hold?.kind, "changes");
  const approve = async (id: number) => {
    const answer = await service.fetch(`/imports/${id}/approve`, { method: "POST" });
    const { applied } = await answer.json();
    await service.turn();
    return applied.import as number;
  };
  const approved = await approve(tuesday.id);
  await restore();
  await (await service.fetch("/imports/replay", { method: "POST" })).body?.cancel();
  await service.turn();
  const [replayed] = await database.sql<{ id: number }[]>`select id from rosterd.imports where file = 'tuesday.csv'`;
  assert.ok(replayed.id > approved, `${replayed.id} comes after ${approved}`);
  assert.ok(await approve(replayed.id) > replayed.id);
  const [{ city }] = await database.sql`select city from rosterd.users where unique_id = '1'`;
  assert.equal(city, "Hull");
});

onRestorable(
  "rosterd import skips the ids used before a restore, and the service skips the ids that rosterd import uses",
  async (
    { service, database, restore },
  ) => {
    const { id } = await service.import("tuesday.csv", FAILING);
    await using here = await Workplace.make({ DATABASE_URL: database.url, ROSTERD_DATA: service.config.data });
    await here.write("command.csv", FAILING);
    const lastId = async () => (await database.sql<{ id: number }[]>`select max(id) as id from rosterd.imports`)[0].id;
    await restore(async () => {
      await here.run("import", "command.csv");
      assert.equal(await lastId(), id + 1);
    });
    assert.equal((await service.import("wednesday.csv", FAILING.replace(",ldap", ",sso"))).id, id + 2);
  },
);

/** Ways to restore part of the database. Each saves the current state and returns a function that restores it. */
const PARTS: Readonly<Record<string, (service: TestService, database: TestDatabase) => Promise<() => Promise<void>>>> =
  {
    "the whole schema": async (service, { url, sql }) => {
      const dump = await dumped(service, url, "--schema=rosterd");
      return async () => {
        await sql`drop schema rosterd cascade`;
        await run("pg_restore", `--dbname=${url}`, dump);
      };
    },
    "only the rows of all tables": async (service, { url, sql }) => {
      const dump = await dumped(service, url, "--schema=rosterd");
      return async () => {
        const tables = await sql`select tablename from pg_tables where schemaname = 'rosterd'`;
        await sql.unsafe(`truncate ${tables.map(({ tablename }) => `rosterd.${tablename}`).join(", ")}`);
        await run("pg_restore", "--data-only", "--disable-triggers", `--dbname=${url}`, dump);
      };
    },
    "only the table users": async (service, { url, sql }) => {
      const dump = await dumped(service, url, "--table=rosterd.users");
      return async () => {
        await sql`drop table rosterd.users cascade`;
        await run("pg_restore", `--dbname=${url}`, dump);
      };
    },
    "only the rows of users": async (service, { url, sql }) => {
      const dump = await dumped(service, url, "--table=rosterd.users");
      return async () => {
        await sql`delete from rosterd.users`;
        await run("pg_restore", "--data-only", `--dbname=${url}`, dump);
      };
    },
    "some rows of users": async (_, { sql }) => {
      await sql`create table public.saved as select * from rosterd.users where hashtext(unique_id) % 3 = 0`;
      return async () => {
        await sql`delete from rosterd.users where unique_id in (select unique_id from public.saved)`;
        await sql`insert into rosterd.users select * from public.saved`;
      };
    },
  };

async function dumped({ folder }: TestService, url: string, which: string): Promise<string> {
  const dump = join(folder, "part");
  await run("pg_dump", "--format=custom", which, `--file=${dump}`, url);
  return dump;
}

const USERS = 200;
const rosterOfAll = (city: string) =>
  `unique_id,login_source,city\n${Array.from({ length: USERS }, (_, at) => `u${at},ldap,${city}\n`).join("")}`;

if (missing === null) {
  onService(
    "after a restore while the service is running, the next turn names the missing rosters",
    OFF,
    async (service, database) => {
      await service.import("monday.csv", rosterOfAll("Ottawa"));
      const restore = await PARTS["the whole schema"](service, database);
      const missing = [
        await service.import("tuesday.csv", rosterOfAll("Hull")),
        await service.import("wednesday.csv", rosterOfAll("Laval")),
      ];
      await restore();
      // Its id is greater than those that are missing.
      await service.import("other.csv", "unique_id,login_source\n,ldap\n");
      const { problems } = await service.get<{ problems: { code: string; text: string }[] }>("/status");
      assert.deepEqual(problems.map(({ code }) => code), ["rosters_missing"]);
      assert.ok(problems[0].text.startsWith("2 rosters in bak were never imported"), problems[0].text);
      const replay = await service.fetch("/imports/replay?dry_run=true", { method: "POST" });
      const { rosters, left_out }: Record<string, { file: string }[]> = await replay.json();
      assert.deepEqual([...rosters, ...left_out].map(({ file }) => file), missing.map(({ bak_file }) => bak_file));
    },
  );
}

for (const [part, save] of Object.entries(PARTS)) {
  if (missing !== null) break;
  onService(
    `after a restore of ${part}, the unchanged-record cache skips no changed record`,
    OFF,
    async (service, database) => {
      const cities = async () => {
        const rows = await database.sql`select city, count(*) as users from rosterd.users group by city order by city`;
        return rows.map(({ city, users }) => [city, users]);
      };
      await service.import("monday.csv", rosterOfAll("Ottawa"));
      await service.import("again.csv", rosterOfAll("Ottawa"));
      const restore = await save(service, database);
      await service.import("tuesday.csv", rosterOfAll("Hull"));
      const known = await service.import("tuesday-again.csv", rosterOfAll("Hull"));
      assert.equal(known.unchanged, USERS);

      await restore();

      assert.notDeepEqual(await cities(), [["Hull", USERS]], "the restore brought back the earlier users");
      await service.import("wednesday.csv", rosterOfAll("Hull"));
      assert.deepEqual(await cities(), [["Hull", USERS]]);
      await service.import("thursday.csv", rosterOfAll("Ottawa"));
      assert.deepEqual(await cities(), [["Ottawa", USERS]]);
    },
  );
}

onRestorable("without its data folder, or with an older upload folder, a service continues with its database", async (
  { service },
) => {
  const tuesday = await service.import("tuesday.csv", ROSTER.replace("1,ldap,Ottawa\n", ""));
  const [monday] = (await service.bak()).filter((name) => name.startsWith("monday"));
  await service.stop();
  await Deno.remove(service.config.data, { recursive: true });
  await Deno.remove(join(service.upload, "bak", tuesday.bak_file!));
  await Deno.rename(join(service.upload, "bak", monday), join(service.upload, "monday.csv"));
  await service.restart();
  const { imports: [again] } = await service.get<{ imports: ImportEntry[] }>("/imports");
  assert.deepEqual([again.file, again.status, again.id], ["monday.csv", "done", tuesday.id + 1]);
  const { problems } = await service.get<{ problems: { code: string }[] }>("/status");
  assert.deepEqual(problems, []);
});

onRestorable("an applied import whose move to bak was lost is recorded again, with its failed records", async (
  { service, database },
) => {
  const before = await service.import("tuesday.csv", FAILING + "7,ldap\n");
  assert.equal(before.failed, 1);
  await service.stop();
  await database.sql`update rosterd.imports set bak_file = null, failed_file = null where id = ${before.id}`;
  const files = await service.bak();
  await service.restart();
  const after = await service.get<ImportEntry>(`/imports/${before.id}`);
  assert.deepEqual([after.bak_file, after.failed_file, after.warnings], [
    before.bak_file,
    before.failed_file,
    before.warnings,
  ]);
  assert.deepEqual(await service.bak(), files);
  assert.deepEqual(await Array.fromAsync(Deno.readDir(join(service.upload, ".rosterd"))), []);
  const { problems } = await service.get<{ problems: { code: string }[] }>("/status");
  assert.deepEqual(problems, []);
});

onRestorable("an import whose end was lost says that its file is in bak, and is replayed", async (
  { service, database },
) => {
  const { id } = await service.import("tuesday.csv", "unique_id,login_source\n7,ldap\n");
  await service.stop();
  await database
    .sql`update rosterd.imports set status = 'running', bak_file = null, finished_at = null where id = ${id}`;
  await database.sql`delete from rosterd.users where created_by_import = ${id}`;
  await service.restart();
  const { status, reason } = await service.get<ImportEntry>(`/imports/${id}`);
  assert.deepEqual([status, reason?.code], ["error", "not_applied"]);
  await (await service.fetch("/imports/replay", { method: "POST" })).body?.cancel();
  await service.turn();
  const [{ users }] = await database.sql`select count(*) as users from rosterd.users where unique_id = '7'`;
  assert.equal(users, 1);
});
