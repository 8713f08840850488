/**
 * SIGKILLs the service at random moments while files arrive, and then looks from outside whether anything was lost or
 * done twice (fault list, I1 to I4). The ordinary run does a few kills, the slow one many.
 */
import assert from "node:assert/strict";
import { testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { until } from "../support/until.ts";

/** Kills the service `kills` times, in a sequence that `seed` decides. */
export async function surviveKills(kills: number, seed: number): Promise<void> {
  await using database = (await testDatabase())!;
  await using here = await Workplace.make({ DATABASE_URL: database.url, ROSTERD_LISTEN: "127.0.0.1:0" });
  await here.run("settings", "set", "settle_seconds=0", "interval_minutes=1");
  await here.write("empty.csv", "unique_id,login_source\n");
  await here.run("import", "empty.csv");
  await Deno.mkdir(here.path("upload"));

  const random = numbers(seed);
  for (let kill = 0; kill < kills; kill++) {
    await drop(here, kill);
    const service = here.spawn("serve");
    // From before it is up to after it is done, in both cases by chance.
    await new Promise((resolve) => setTimeout(resolve, random() * 1_200));
    service.kill("SIGKILL");
    await service.output();
  }
  await finish(here, kills);
  await assertNothingLostOrTwice(here, database.sql, kills);
}

/** One user and one failure a file, so that each import owes a failed-records file too. */
async function drop(here: Workplace, number: number): Promise<void> {
  await here.write(`upload/.${number}.part`, `unique_id,login_source\nU${number},ldap\n,ldap\n`);
  await Deno.rename(here.path(`upload/.${number}.part`), here.path(`upload/roster${number}.csv`));
}

async function finish(here: Workplace, files: number): Promise<void> {
  const service = here.spawn("serve");
  try {
    await until("all is in bak", () => rosters(here).length === files, 60_000);
  } finally {
    service.kill("SIGTERM");
    await service.output();
  }
}

function rosters(here: Workplace): string[] {
  return names(here.path("upload/bak")).filter((name) => !name.includes(".failed"));
}

function names(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];

async function assertNothingLostOrTwice(here: Workplace, sql: Sql, files: number): Promise<void> {
  assert.equal(rosters(here).length, files, "each file stands in bak once");
  assert.deepEqual(names(here.path("upload")).filter((name) => !name.startsWith(".")), ["bak"]);
  assert.deepEqual(names(here.path("upload/.rosterd")), [], "nothing is left in the work folder");
  const [{ users }] = await sql`select count(*)::int as users from rosterd.users`;
  assert.equal(users, files);
  const imports = await sql`
    select file, status, created, failed, bak_file, failed_file from rosterd.imports where taken_key is not null`;
  assert.equal(imports.length, files, "each file was imported once");
  for (const { file, status, created, failed, bak_file, failed_file } of imports) {
    assert.deepEqual([status, created, failed], ["failed_records", 1, 1], file);
    assert.ok(rosters(here).includes(bak_file), `${file} is where the history says`);
    assert.match(await Deno.readTextFile(here.path(`upload/bak/${failed_file}`)), /9013/, file);
  }
  const [{ sessions }] = await sql`
    select count(*)::int as sessions from pg_stat_activity where application_name = 'rosterd' and datname = current_database()`;
  assert.equal(sessions, 0, "no session is left");
}

/** A small seeded generator of numbers from 0 to 1 (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
