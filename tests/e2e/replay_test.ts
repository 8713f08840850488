/** Rosters in bak that the database does not know, as after a restore (docs/reliability.md#restore). */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { Replayed } from "../../src/domain/missing_roster.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { TestDatabase } from "../support/postgres.ts";
import type { TestService } from "../support/service.ts";
import { onService } from "./http_case.ts";

const ROSTER = "unique_id,login_source,city\n1,ldap,Ottawa\n";

interface Problem {
  code: string;
  text: string;
}

/** Takes the database back to what it was after the first import. */
async function restore(service: TestService, { sql }: TestDatabase): Promise<void> {
  await service.stop();
  await sql`delete from rosterd.imports where id > 1`;
  await sql`delete from rosterd.import_changes where import_id > 1`;
  await sql`delete from rosterd.users where created_by_import > 1`;
  await sql`update rosterd.users set city = 'Ottawa'`;
  await service.restart();
}

async function warning(service: TestService): Promise<string | null> {
  const { problems } = await service.get<{ problems: Problem[] }>("/status");
  return problems.find(({ code }) => code === "rosters_missing")?.text ?? null;
}

async function replay(service: TestService, query = ""): Promise<Replayed> {
  const response = await service.fetch(`/imports/replay?${query}`, { method: "POST" });
  assert.equal(response.status, 200);
  return await response.json();
}

/** Gives a file in `bak` another time of import. */
async function datedBack(service: TestService, entry: ImportEntry, stamp: string): Promise<string> {
  const name = entry.bak_file!.replace(/\d{8}T\d{6}Z/, stamp);
  await Deno.rename(join(service.upload, "bak", entry.bak_file!), join(service.upload, "bak", name));
  return name;
}

onService("after a restore, the missing rosters are listed, and a replay imports them in order", {}, async (
  service,
  database,
) => {
  await service.import("monday.csv", ROSTER);
  const tuesday = await service.import("tuesday.csv", `${ROSTER.replace("Ottawa", "Hull")}2,,Gatineau\n`);
  const wednesday = await service.import("wednesday.csv", ROSTER.replace("Ottawa", "Aylmer") + "3,ldap,Hull\n");
  assert.equal(await warning(service), null);
  // Both have the second of their import in their names, so the order must not depend on the clock.
  const [second, third] = [
    await datedBack(service, tuesday, "29991130T021000Z"),
    await datedBack(service, wednesday, "29991201T021000Z"),
  ];
  await restore(service, database);
  const text =
    `2 rosters in bak were never imported by this database, the first is ${second}: run "rosterd imports replay"`;
  assert.equal(await warning(service), text);
  const names = ({ rosters }: Replayed) => rosters.map(({ file }) => file);
  assert.deepEqual(names(await replay(service, "dry_run=true")), [second, third]);
  assert.deepEqual(names(await replay(service, "dry_run=true&since=2999-12-01T00:00:00Z")), [third]);
  assert.equal((await service.bak()).includes(second), true);

  assert.deepEqual(names(await replay(service)), [second, third]);
  await service.turn();
  const { imports } = await service.get<{ imports: ImportEntry[] }>("/imports");
  assert.deepEqual(imports.map(({ file, status }) => [file, status]), [
    ["wednesday.csv", "done"],
    ["tuesday.csv", "failed_records"],
    ["monday.csv", "done"],
  ]);
  const users = await database.sql`select unique_id, city from rosterd.users order by unique_id`;
  assert.deepEqual(users.map(({ unique_id, city }) => [unique_id, city]), [["1", "Aylmer"], ["3", "Hull"]]);
  assert.equal(await warning(service), null);
  // The failed records of both imports of tuesday.csv.
  assert.equal((await service.bak()).filter((name) => /^tuesday.*failed/.test(name)).length, 2);
});

onService(
  "a roster older than the newest applied one is not replayed, and a dismissal ends the warning permanently",
  {},
  async (
    service,
    database,
  ) => {
    await service.import("monday.csv", ROSTER);
    await service.import("tuesday.csv", ROSTER.replace("Ottawa", "Hull"));
    await restore(service, database);
    const wednesday = await service.import("wednesday.csv", ROSTER.replace("Ottawa", "Aylmer"));
    await database
      .sql`update rosterd.imports set started_at = started_at + interval '1 hour' where id = ${wednesday.id}`;
    const { rosters, left_out } = await replay(service);
    assert.deepEqual([rosters, left_out.map(({ reason }) => reason)], [
      [],
      ["a newer file of the same feed was applied since"],
    ]);
    const [{ city }] = await database.sql`select city from rosterd.users`;
    assert.equal(city, "Aylmer");
    assert.equal((await replay(service, "dismiss=true")).rosters.length, 1);
    assert.equal(await warning(service), null);
    await service.restart();
    assert.equal(await warning(service), null);
  },
);
