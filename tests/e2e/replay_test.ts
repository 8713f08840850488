/**
 * Tests replays of rosters in `bak` that the database does not know about, as after a restore
 * (docs/reliability.md#restore).
 */
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

/** Restores the database to its state after the first import. */
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

/** Gives a file in `bak` a different import time. */
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
  // The names of both files contain the time of their import, to the second. The times are set here so that the order
  // does not depend on the clock.
  const [second, third] = [
    await datedBack(service, tuesday, "29991130T021000Z"),
    await datedBack(service, wednesday, "29991201T021000Z"),
  ];
  await restore(service, database);
  const text =
    `2 rosters in bak were never imported by this database; the first is ${second}: run "rosterd imports replay"`;
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
  // Both imports of tuesday.csv left a failed-records file.
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
      ["a newer file from the same feed has since been applied"],
    ]);
    const [{ city }] = await database.sql`select city from rosterd.users`;
    assert.equal(city, "Aylmer");
    assert.equal((await replay(service, "dismiss=true")).rosters.length, 1);
    assert.equal(await warning(service), null);
    await service.restart();
    assert.equal(await warning(service), null);
  },
);

onService(
  "a newer file that the change guard holds, or that was undone, does not keep older rosters from being replayed",
  { change_guard: { max_percent: 0, min_users: 0 } },
  async (service, database) => {
    await service.import("monday.csv", ROSTER);
    const tuesday = await service.import("tuesday.csv", "unique_id,login_source\n2,ldap\n");
    await restore(service, database);
    const held = await service.import("wednesday.csv", ROSTER.replace("Ottawa", "Aylmer"));
    const undone = await service.import("thursday.csv", "unique_id,login_source\n3,ldap\n");
    assert.equal(held.hold?.kind, "changes");
    await (await service.fetch(`/imports/${undone.id}/undo`, { method: "POST" })).body?.cancel();
    await database.sql`
      update rosterd.imports set started_at = started_at + interval '1 hour' where id in ${
      database.sql([held.id, undone.id])
    }`;
    const { rosters, left_out } = await replay(service);
    assert.deepEqual([rosters.map(({ file }) => file), left_out], [[tuesday.bak_file], []]);
  },
);

onService("an entry in bak that only has the name of a roster is neither listed nor replayed", {}, async (service) => {
  await service.import("monday.csv", ROSTER);
  const bak = join(service.upload, "bak");
  await Deno.mkdir(join(bak, "folder.29991130T021000Z.csv"));
  await Deno.symlink(join(service.folder, "settings.json"), join(bak, "link.29991130T021000Z.csv"));
  await service.restart();
  assert.equal(await warning(service), null);
  assert.deepEqual(await replay(service, "dry_run=true"), { rosters: [], left_out: [] });
});

onService("a dismissal applies to each feed up to its newest missing roster", { feeds: { students: {} } }, async (
  service,
  database,
) => {
  await service.import("monday.csv", ROSTER);
  const own = [await service.import("b.csv", ROSTER.replace("1,", "2,"))];
  const fed = [
    await service.import("students/c.csv", ROSTER.replace("1,", "3,")),
    await service.import("students/d.csv", ROSTER.replace("1,", "4,")),
  ];
  await restore(service, database);
  assert.match(await warning(service) ?? "", /^3 rosters/);
  assert.equal((await replay(service, "dismiss=true")).rosters.length, own.length + fed.length);
  await service.restart();
  assert.equal(await warning(service), null);
  const rows = await database.sql<{ feed: string; dismissed_until: Date }[]>`
    select feed, dismissed_until from rosterd.dismissed_files order by feed`;
  assert.deepEqual(rows.map(({ feed }) => feed), ["", "students"]);
  const second = (at: string | Date) => Math.floor(new Date(at).getTime() / 1_000);
  assert.equal(second(rows[1].dismissed_until), second(fed[1].started_at));
});

onService(
  "rosters that were imported within one second are replayed in the same order",
  {},
  async (service, database) => {
    await service.import("monday.csv", ROSTER);
    const [first, second] = [
      await service.import("z.csv", ROSTER.replace("Ottawa", "Hull")),
      await service.import("a.csv", ROSTER.replace("Ottawa", "Aylmer")),
    ];
    const stamp = "21991130T021000Z";
    const names = [await datedBack(service, first, stamp), await datedBack(service, second, stamp)];
    await restore(service, database);
    await database.sql`update rosterd.imports set started_at = '2199-11-30T02:10:00.5Z'`;
    assert.deepEqual((await replay(service)).rosters.map(({ file }) => file), names);
    await service.turn();
    const [{ city }] = await database.sql`select city from rosterd.users`;
    assert.equal(city, "Aylmer");
  },
);

onService(
  "a roster whose move to bak was not recorded is not listed as missing, even before the next turn",
  {},
  async (
    service,
    database,
  ) => {
    const { id, bak_file } = await service.import("monday.csv", ROSTER);
    await database.sql`update rosterd.imports set bak_file = null where id = ${id}`;
    assert.deepEqual(await replay(service, "dry_run=true"), { rosters: [], left_out: [] });
    await service.turn();
    const { imports } = await service.get<{ imports: ImportEntry[] }>("/imports");
    assert.deepEqual(imports.map((entry) => entry.bak_file), [bak_file]);
  },
);

onService("a roster is not called missing while it is imported", {}, async (service) => {
  const files = 30;
  for (let at = 0; at < files; at++) await service.drop(`f${at}.csv`, ROSTER.replaceAll("1,", `${at},`));
  let isOver = false;
  const turn = service.turn().finally(() => isOver = true);
  while (!isOver) assert.deepEqual(await replay(service, "dry_run=true"), { rosters: [], left_out: [] });
  assert.equal((await turn).length, files);
});
