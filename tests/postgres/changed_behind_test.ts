/** The unchanged-record cache stays correct when other programs change users (`changed_behind_cases.ts`). */
import assert from "node:assert/strict";
import fc from "fast-check";
import { UserKey } from "../../src/importer/digests/user_key.ts";
import {
  beginAnew,
  CHANGES,
  CITIES,
  CUSTOMERS_CODE,
  requireAsRoster,
  ROSTER,
  rosterOf,
} from "./changed_behind_cases.ts";
import { requireAnyChangesAreSeen } from "./changed_behind_property.ts";
import { onServer, type RosterDatabase } from "./roster_database.ts";

onServer("the next import corrects any changes that other programs made to users", async (db, t) => {
  for (const [name, sql] of Object.entries(CHANGES)) {
    await t.step(name, async () => {
      await beginAnew(db);
      await db.import(ROSTER);
      await db.import(ROSTER);
      await db.sql.unsafe(sql);

      assert.equal((await db.import(ROSTER)).reason, null);

      await requireAsRoster(db, CITIES);
    });
  }
});

onServer("the next import corrects values that a customer's trigger changed", async (db, t) => {
  const changed = CITIES.map((city) => city === "Hull" ? "Ottawa" as const : "Hull" as const);
  for (const [name, { stands, goes }] of Object.entries(CUSTOMERS_CODE)) {
    await t.step(`${name}, from the first import on`, async () => {
      await beginAnew(db);
      await db.sql.unsafe(stands);
      await db.import(rosterOf(CITIES, "h"), ARCHIVING);
      await db.sql.unsafe(goes);

      assert.equal((await db.import(rosterOf(CITIES, "h"), ARCHIVING)).reason, null);

      await requireAsRoster(db, CITIES);
    });
    await t.step(`${name}, during a later import`, async () => {
      await beginAnew(db);
      await db.import(ROSTER, ARCHIVING);
      await db.sql.unsafe(stands);
      await db.import(rosterOf(changed, "h"), ARCHIVING);
      await db.sql.unsafe(goes);

      assert.equal((await db.import(rosterOf(changed, "h"), ARCHIVING)).reason, null);

      await requireAsRoster(db, changed);
    });
  }
});

const ARCHIVING = { settings: { archive_inactive_users: true, archive_guard: { max_percent: 100, min_users: 0 } } };

onServer("a restored older log is ignored, even with its state", async (db) => {
  await beginAnew(db);
  await db.import(ROSTER);
  await db.sql`create table customer.records as select * from rosterd.known_records`;
  await db.sql`create table customer.state as select * from rosterd.known_state`;
  await db.sql`update rosterd.users set city = 'Toronto' where unique_id = 'a'`;
  await db.sql`delete from rosterd.known_records`;
  await db.sql`delete from rosterd.known_state`;
  await db
    .sql`insert into rosterd.known_records (feed, entries, digests) select feed, entries, digests from customer.records`;
  await db.sql`insert into rosterd.known_state select * from customer.state`;

  await db.import(ROSTER);

  await requireAsRoster(db, CITIES);
});

onServer("a log that has lost its last entries is ignored", async (db) => {
  await db.import(ROSTER);
  await db.import(rosterOf(CITIES.with(0, "Hull")));
  const { count } = await db.sql`
    delete from rosterd.known_records where id = (select max(id) from rosterd.known_records)`;
  assert.equal(count, 1);

  await db.import(ROSTER);

  await requireAsRoster(db, CITIES);
});

onServer("the next import corrects users that pg_restore restored from last night's dump", async (db) => {
  const dump = await Deno.makeTempFile();
  try {
    await db.import(rosterOf(CITIES.toReversed()));
    await run("pg_dump", "--format=custom", "--table=rosterd.users", `--file=${dump}`, db.url!);
    await db.import(ROSTER);
    await run("pg_restore", "--clean", `--dbname=${db.url}`, dump);

    assert.equal((await db.import(ROSTER)).updated, 6);

    await requireAsRoster(db, CITIES);
  } finally {
    await Deno.remove(dump);
  }
});

onServer(
  "a deleted user who is in only one of two rosters is created again",
  async (db) => {
    await db.import(ROSTER);
    await db.sql`delete from rosterd.users where unique_id = 'h'`;
    await db.import(rosterOf(CITIES.slice(0, 7)));

    assert.equal((await db.import(ROSTER)).created, 1);
  },
);

onServer("imports notice changes by other programs in random sequences", async (db) => {
  await requireAnyChangesAreSeen(db, { numRuns: 8, interruptAfterTimeLimit: 20_000 });
});

onServer("rosterd and PostgreSQL compute the same key for each user", async (db) => {
  const key = new UserKey();
  await fc.assert(
    fc.asyncProperty(fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 50 }), async (texts) => {
      const ids = texts.map((text) => text.toWellFormed().replaceAll("\0", "-"));
      const rows = await db.sql<{ key: string }[]>`
        select hashtextextended(id collate "C", 0)::text as key
        from jsonb_array_elements_text(${db.sql.json(ids)}) with ordinality as t (id, at) order by at`;
      const expected = ids.map((id) => {
        const bytes = new TextEncoder().encode(id);
        key.take(new DataView(bytes.buffer), 0, bytes.length);
        return (BigInt(key.high) << 32n | BigInt(key.low >>> 0)).toString();
      });
      assert.deepEqual(rows.map(({ key }) => key), expected);
    }),
    { numRuns: 20 },
  );
});

/** Returns the size of the unchanged-record cache. */
async function logOf(db: RosterDatabase): Promise<{ entries: number; pieces: number }> {
  const [log] = await db.sql<{ entries: number; pieces: number }[]>`
    select coalesce(sum(entries), 0)::bigint as entries, count(*) as pieces from rosterd.known_records`;
  return log;
}

onServer("if a small roster changes every night, the log stays proportional to the number of users", async (db) => {
  for (let night = 0; night < 30; night++) {
    await db.import(ROSTER.replaceAll("near", `near${night}`).replaceAll("so long", `so long ${night}`));
    const { entries, pieces } = await logOf(db);
    assert.ok(
      entries <= 3 * 263 + 1_000 && pieces <= 60,
      `${entries} entries in ${pieces} pieces after night ${night}`,
    );
  }
});

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
}
