/** Each feed has a separate unchanged-record cache. */
import assert from "node:assert/strict";
import { countsOf, csvOf, onServer, type RosterDatabase } from "./roster_database.ts";

const rosterOf = (feed: string, city: string) =>
  csvOf(Array.from({ length: 300 }, (_, at) => ({ unique_id: `${feed}${at}`, login_source: "ldap", city })));

async function logOf({ sql }: RosterDatabase, feed: string): Promise<string> {
  const [{ log }] = await sql`
    select coalesce(string_agg(id::text || ':' || entries, ' ' order by id), '') as log
    from rosterd.known_records where feed = ${feed}`;
  return log;
}

onServer("alternating imports of two feeds keep both caches valid, and skip unchanged records", async (db) => {
  // Feed a's cache does not know about the users that feed b creates.
  for (const feed of ["a", "b", "a"]) await db.import(rosterOf(feed, "Hull"), { feed });
  const [a, b] = [await logOf(db, "a"), await logOf(db, "b")];
  assert.ok(a !== "" && b !== "", "each has a log");

  for (const feed of ["a", "b", "a"]) {
    assert.deepEqual(countsOf(await db.import(rosterOf(feed, "Hull"), { feed })), { records: 300, unchanged: 300 });
  }
  assert.deepEqual([await logOf(db, "a"), await logOf(db, "b")], [a, b]);

  assert.equal((await db.import(rosterOf("b", "Ottawa"), { feed: "b" })).updated, 300);
  assert.equal(await logOf(db, "a"), a);
  assert.equal((await db.sql`select from rosterd.known_state`).length, 2);
});

onServer("users whom two feeds share are counted once, and not again for each unchanged roster", async (db) => {
  const settings = { feeds: { a: {}, b: {} }, missing_users: "archive" as const };
  // The values are long because the cache is for tables that are not much larger than the roster.
  const city = "Hull".repeat(10), shared = rosterOf("", city);
  const rosters = { a: shared, b: shared + rosterOf("b", city).replace(/^.*\n/, "") };
  const night = async () => {
    for (const feed of ["a", "b"] as const) await db.import(rosters[feed], { feed, settings });
    return await db.sql<{ feed: string; named: number; version: string }[]>`
      select feed, named, xmin::text as version from rosterd.known_state order by feed`;
  };
  const rows = (states: { feed: string; named: number }[]) => states.map(({ feed, named }) => [feed, named]);
  // The roster of feed b changes users whom feed a has counted.
  assert.deepEqual(rows(await night()), [["a", 300], ["b", 600]]);
  const counted = await night();
  assert.deepEqual(rows(counted), [["a", 300], ["b", 600]]);
  assert.deepEqual(await night(), counted);
});
