/** A database that is restored from a dump under a service that goes on (docs/reliability.md#restore). */
import assert from "node:assert/strict";
import { join } from "node:path";
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
const GUARD = { change_guard: { max_percent: 0, min_users: 0 } };

interface Restorable {
  service: TestService;
  database: TestDatabase;
  /** Takes the schema back to what it was at the start of the test, while the service is stopped. */
  restore: (between?: () => Promise<void>) => Promise<void>;
}

/** Runs a test after the import of `monday.csv` and a dump. */
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

onRestorable("after a restore no import gets an id that was mailed before", async ({ service, restore }) => {
  const failed = await service.import("tuesday.csv", FAILING);
  const last = await service.import("wednesday.csv", FAILING.replace(",ldap", ",sso"));
  await until("both mails were sent", () => service.smtp.mails.length === 2);
  await restore();
  const again = await service.import("thursday.csv", FAILING.replace(",ldap", ",saml"));
  assert.ok(failed.id < last.id && last.id < again.id, `${again.id} comes after ${last.id}`);
  const next = await service.import("friday.csv", FAILING.replace(",ldap", ",local"));
  assert.equal(next.id, again.id + 1, "no more ids are left out than necessary");
});

onRestorable("neither a replayed roster nor an approval gets an id that was given before", async (
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
  "rosterd import leaves out the ids that were given before a restore, and the service those that it gives",
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
