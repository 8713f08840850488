/**
 * An import skips unchanged records (`src/postgres/import/unchanged_store.ts`) but never a record that would change a
 * user. The number of records in the staging table shows how many were skipped.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ImportTransaction, WaitOptions } from "../../src/importer/ports.ts";
import { UserKey } from "../../src/importer/digests/user_key.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import { bucketsFor } from "../../src/postgres/import/user_sums.ts";
import { undoImport } from "../../src/postgres/history/undo.ts";
import { countsOf, onEachDatabase, onServer, type RosterDatabase, type Way } from "./roster_database.ts";

const FIRST = 255;
const first = Array.from(
  { length: FIRST },
  (_, at) => `first${at},ldap,,,${"so long that it is worth loading the cache".repeat(2)}`,
);

function roster(...records: string[]): string {
  return ["unique_id,login_source,city,email,note", ...first, ""].join("\n") + lines(...records);
}

function lines(...records: string[]): string {
  return records.map((record) => `${record},\n`).join("");
}

/** Counts the records that an import writes to the staging table. */
class CountingStore extends PostgresImportStore {
  written = 0;
  again = 0;
  override transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T> {
    return super.transaction((transaction) => {
      const stage = transaction.stage.bind(transaction);
      transaction.stage = async (...about) => {
        const staging = await stage(...about), write = staging.write.bind(staging), end = staging.end.bind(staging);
        staging.write = (batch, ...more) => {
          this.written += batch.count;
          return write(batch, ...more);
        };
        staging.end = async (...about) => {
          const ended = await end(...about);
          if (ended.users !== null) this.again++;
          return ended;
        };
        return staging;
      };
      return work(transaction);
    }, waiting);
  }
}

/** Imports a roster. Returns the report and the number of records written. */
async function importing(db: RosterDatabase, text: string, way: Way = {}) {
  const store = new CountingStore(db.database);
  const report = await db.import(text, { store, ...way });
  assert.equal(report.reason, null);
  return { ...countsOf(report), written: store.written, again: store.again };
}

const ALL = FIRST + 3;
const PEOPLE = roster("a,ldap,Ottawa,a@x.ca", "b,ldap,Hull,b@x.ca", "c,ldap,,");

/**
 * The number of records in PEOPLE that are read after other programs change these users. The records of all users in
 * the same buckets are read.
 */
function inBucketsOf(...changed: string[]): number {
  const key = new UserKey(), encoder = new TextEncoder();
  const buckets = bucketsFor(encoder.encode(PEOPLE).length);
  const bucketOf = (id: string) => {
    const bytes = encoder.encode(id);
    key.take(new DataView(bytes.buffer), 0, bytes.length);
    return key.low & (buckets - 1);
  };
  const theirs = new Set(changed.map(bucketOf));
  return ["a", "b", "c", ...first.map((_, at) => `first${at}`)].filter((id) => theirs.has(bucketOf(id))).length;
}

onEachDatabase("the same file writes nothing the second time, and one changed record writes one user", async (db) => {
  assert.deepEqual(await importing(db, PEOPLE), { records: ALL, created: ALL, written: ALL, again: 0 });
  assert.deepEqual(await importing(db, PEOPLE), { records: ALL, unchanged: ALL, written: 0, again: 0 });

  const changed = PEOPLE.replace("Hull", "Gatineau");
  const expected = { records: ALL, updated: 1, unchanged: ALL - 1, written: 1, again: 0 };
  assert.deepEqual(await importing(db, changed), expected);
  assert.equal((await db.users()).b.city, "Gatineau");
  assert.deepEqual(await importing(db, PEOPLE), expected);
  assert.equal((await db.users()).b.city, "Hull");
});

onServer("a user whom another program changed is read and corrected", async (db) => {
  await importing(db, PEOPLE);
  await db.sql`update rosterd.users set city = 'Toronto' where unique_id = 'a'`;
  await db.sql`delete from rosterd.users where unique_id = 'b'`;

  const written = inBucketsOf("a", "b");
  const put = { records: ALL, created: 1, updated: 1, unchanged: ALL - 2, written, again: 0 };
  assert.deepEqual(await importing(db, PEOPLE), put);

  assert.deepEqual(Object.keys(await db.users()).length, ALL);
  assert.equal((await db.users()).a.city, "Ottawa");
  assert.equal((await importing(db, PEOPLE)).written, 0);
});

onServer(
  "every change by another program is noticed, even one made as a replica or by truncating the table",
  async (db) => {
    const { sql } = db;
    await importing(db, PEOPLE);
    await sql`update rosterd.users set unique_id = 'd' where unique_id = 'c'`;
    assert.deepEqual(await importing(db, PEOPLE), {
      records: ALL,
      created: 1,
      unchanged: ALL - 1,
      written: inBucketsOf("c", "d"),
      again: 0,
    });

    const role = `rosterd_other_${crypto.randomUUID().slice(0, 8)}`;
    await sql.unsafe(
      `create role ${role}; grant usage on schema rosterd to ${role}; grant select, update on rosterd.users to ${role}`,
    );
    try {
      await sql.begin(async (tx) => {
        await tx.unsafe(`set local role ${role}`);
        await tx`update rosterd.users set city = null where unique_id = 'a'`;
      });
    } finally {
      await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    }
    assert.deepEqual(await importing(db, PEOPLE), {
      records: ALL,
      updated: 1,
      unchanged: ALL - 1,
      written: inBucketsOf("a"),
      again: 0,
    });

    await sql.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`update rosterd.users set city = null where unique_id = 'b'`;
    });
    assert.deepEqual(await importing(db, PEOPLE), {
      records: ALL,
      updated: 1,
      unchanged: ALL - 1,
      written: inBucketsOf("b"),
      again: 0,
    });

    await sql`truncate rosterd.users`;
    assert.deepEqual(await importing(db, PEOPLE), { records: ALL, created: ALL, written: ALL, again: 0 });
  },
);

onServer("a change by another program during an import is noticed by the next import", async (db) => {
  await importing(db, PEOPLE);
  const store = new CountingStore(db.database);
  const changed = PEOPLE.replace("Hull", "Gatineau");

  await db.import(changed, {
    store,
    through: (file) => ({
      name: file.name,
      size: file.size,
      read: (into) => file.read(into),
      close: () => file.close(),
      async changed() {
        await db.sql`update rosterd.users set city = 'Toronto' where unique_id = 'a'`;
        return await file.changed();
      },
    }),
  });

  assert.deepEqual([store.written, (await db.users()).a.city], [1, "Toronto"]);
  assert.deepEqual(await importing(db, changed), {
    records: ALL,
    updated: 1,
    unchanged: ALL - 1,
    written: inBucketsOf("a"),
    again: 0,
  });
  assert.equal((await db.users()).a.city, "Ottawa");
});

onServer("a second record of a known user fails or is skipped, as in the first import", async (db) => {
  await importing(db, PEOPLE);
  const more = PEOPLE + lines("a,ldap,Toronto,", "b,ldap,Hull,b@x.ca");
  const store = new CountingStore(db.database);

  const report = await db.import(more, { store });

  assert.deepEqual(countsOf(report), { records: ALL + 2, unchanged: ALL, skipped: 1, failed: 1 });
  const [{ line, problems: [{ code, reason }] }] = report.failures;
  assert.deepEqual([line, code], [FIRST + 5, "9022"]);
  assert.match(reason, new RegExp(`is already on line ${FIRST + 2}, with different values`));
  assert.deepEqual([store.written, store.again], [2, 1]);
  // After that, all records of these users are read in the first pass.
  assert.deepEqual(await importing(db, more), {
    records: ALL + 2,
    unchanged: ALL,
    skipped: 1,
    failed: 1,
    written: 4,
    again: 0,
  });
});

onServer("the email address of a user whose record is skipped counts as taken", async (db) => {
  await importing(db, PEOPLE);

  const report = await db.import(PEOPLE + lines("d,ldap,,A@x.ca"));

  assert.deepEqual(countsOf(report), { records: ALL + 1, unchanged: ALL, failed: 1 });
  assert.equal(report.failures[0].problems[0].code, "9019");
  const swapped = PEOPLE.replace("a@x.ca", "?@x.ca").replace("b@x.ca", "a@x.ca").replace("?@x.ca", "b@x.ca");
  const expected = { records: ALL, updated: 2, unchanged: ALL - 2, written: 2, again: 0 };
  assert.deepEqual(await importing(db, swapped), expected);
});

onServer("records of users that an undo restored are read again", async (db) => {
  await importing(db, PEOPLE);
  const { id } = await db.import(PEOPLE.replace("Hull", "Gatineau"));
  await undoImport(db.database, id!, new AbortController().signal, "admin");
  assert.equal((await db.users()).b.city, "Hull");

  const changed = { records: ALL, updated: 1, unchanged: ALL - 1, written: inBucketsOf("b"), again: 0 };
  assert.deepEqual(await importing(db, PEOPLE.replace("Hull", "Gatineau")), changed);
});

const SNAPSHOT = { missing_users: "archive" as const, archive_guard: { max_percent: 100, min_users: 0 } };
const WITHOUT_B = PEOPLE.replace(lines("b,ldap,Hull,b@x.ca"), "");

onServer(
  "missing users are found even if records are skipped, and records of returning users are read",
  async (db) => {
    const night = (text: string) => importing(db, text, { settings: SNAPSHOT });
    assert.deepEqual(await night(PEOPLE), { records: ALL, created: ALL, written: ALL, again: 0 });
    assert.deepEqual(await night(PEOPLE), { records: ALL, unchanged: ALL, written: 0, again: 0 });

    const gone = { records: ALL - 1, unchanged: ALL - 1, missing_archived: 1, written: 0, again: 0 };
    assert.deepEqual(await night(WITHOUT_B), gone);
    assert.equal((await db.users()).b.archived, true);
    assert.deepEqual(await night(WITHOUT_B), { records: ALL - 1, unchanged: ALL - 1, written: 0, again: 0 });

    const back = { records: ALL, unchanged: ALL - 1, reactivated: 1, written: 1, again: 0 };
    assert.deepEqual(await night(PEOPLE), back);
    assert.deepEqual(await night(WITHOUT_B), gone);
  },
);

onServer("a user whom only a short file named is missing from a later file with skipped records", async (db) => {
  const night = (text: string, missing_users: "archive" | "keep") =>
    importing(db, text, { settings: { ...SNAPSHOT, missing_users } });
  await night(PEOPLE, "archive");
  // The roster is too short for the users to be read, so it adds nothing to the cache.
  await night("unique_id,login_source\nnew,ldap\nother,ldap\n", "keep");

  const expected = {
    records: ALL,
    unchanged: ALL,
    missing_archived: 2,
    written: inBucketsOf("new", "other"),
    again: 0,
  };
  assert.deepEqual(await night(PEOPLE, "archive"), expected);
});

onServer("a user whose record failed or is repeated is not missing, even if other records are skipped", async (db) => {
  const night = (text: string) => importing(db, text, { settings: SNAPSHOT });
  await night(PEOPLE);
  const failing = PEOPLE.replace(lines("b,ldap,Hull,b@x.ca"), lines("b,ldap,Hull,none"));
  assert.deepEqual(await night(failing), { records: ALL, unchanged: ALL - 1, failed: 1, written: 1, again: 0 });
  const twice = WITHOUT_B + lines("a,ldap,Ottawa,a@x.ca");
  const expected = { records: ALL, unchanged: ALL - 1, skipped: 1, missing_archived: 1, written: 1, again: 1 };
  assert.deepEqual(await night(twice), expected);
});

onServer(
  "each feed skips its unchanged records, and reads the records of users whom another feed changed",
  async (db) => {
    const settings = { ...SNAPSHOT, feeds: { students: {}, staff: {} } };
    const night = async (feed: string, text: string) => {
      const { written, again: _, ...counts } = await importing(db, text, { feed, settings });
      return { ...counts, written };
    };
    const staff = roster(...["x", "y"].map((id) => `${id},ldap,Hull,`), "b,ldap,Hull,b@x.ca").replaceAll(
      "first",
      "staff",
    );
    await night("students", PEOPLE);
    await night("staff", staff);
    // The other feed named user b for the first time.
    const read = inBucketsOf("b");
    assert.deepEqual(await night("students", PEOPLE), { records: ALL, unchanged: ALL, written: read });
    for (const [feed, text] of [["staff", staff], ["students", PEOPLE]]) {
      assert.deepEqual(await night(feed, text), { records: ALL, unchanged: ALL, written: 0 }, `${feed} again`);
    }

    // Users named by only one feed do not affect the other, and the other feed keeps user b.
    const changed = staff.replace("x,ldap,Hull", "x,ldap,Gatineau").replace(lines("b,ldap,Hull,b@x.ca"), "");
    const counts = { records: ALL - 1, updated: 1, unchanged: ALL - 2, written: 1 };
    assert.deepEqual(await night("staff", changed), counts);
    assert.deepEqual(await night("students", PEOPLE), { records: ALL, unchanged: ALL, written: read });
    assert.equal((await db.users()).b.active, true);
    const gone = { records: ALL - 1, unchanged: ALL - 1, missing_archived: 1, written: 0 };
    assert.deepEqual(await night("students", WITHOUT_B), gone);
  },
);

onServer("reading the users does not change the session settings of the import", async (db) => {
  await db.sql.unsafe(`
    create table rosterd.seen (settings text);
    create function rosterd.see() returns trigger language plpgsql as $$ begin
      insert into rosterd.seen
      select string_agg(current_setting(name), ' ') from unnest(array['work_mem', 'jit', 'enable_sort']) as name;
      return null;
    end $$;
    create trigger see before insert or update on rosterd.users for each statement execute function rosterd.see()`);

  await importing(db, PEOPLE);
  await importing(db, PEOPLE.replace("Hull", "Gatineau"));

  const seen = await db.sql`select distinct settings from rosterd.seen`;
  assert.deepEqual(seen.map(({ settings }) => settings), ["128MB off on"]);
});

onServer("a failed import adds nothing to the cache", async (db) => {
  const failing = class extends PostgresImportStore {
    override transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T> {
      return super.transaction(async (transaction) => {
        await work(transaction);
        throw new Error("the disk is full");
      }, waiting);
    }
  };
  const { reason } = await db.import(PEOPLE, { store: new failing(db.database) });
  assert.notEqual(reason, null);

  assert.deepEqual(await importing(db, PEOPLE), { records: ALL, created: ALL, written: ALL, again: 0 });
});

const one = fc.constantFrom("a", "b", "c", "d").chain((id) =>
  fc.tuple(fc.constantFrom("", "Ottawa", "Hull", "(clear)"), fc.constantFrom("", "a@x.ca", "b@x.ca"))
    .map(([city, email]) => `${id},ldap,${city},${email}`)
);
const file = fc.array(one, { maxLength: 5 });
const elsewhere = fc.constantFrom(
  "update rosterd.users set city = 'Toronto' where unique_id = 'a'",
  "update rosterd.users set email = null where unique_id in ('b', 'c')",
  "delete from rosterd.users where unique_id = 'c'",
  "update rosterd.users set active = false where unique_id = 'd'",
);
const step = fc.oneof(
  { weight: 4, arbitrary: file.map((file) => ({ file })) },
  { weight: 1, arbitrary: elsewhere.map((sql) => ({ sql })) },
);

onServer("for random rosters and changes, imports have the same results with and without the cache", async (db) => {
  await using other = await db.another();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 8 }), async (steps) => {
      for (const one of [db, other]) await one.clear();
      for (const step of steps) {
        if ("sql" in step) {
          for (const { sql } of [db, other]) await sql.unsafe(step.sql);
          continue;
        }
        await other.sql`delete from rosterd.known_records`;
        const [report, expected] = [await db.import(roster(...step.file)), await other.import(roster(...step.file))];
        assert.deepEqual(countsOf(report), countsOf(expected));
        assert.deepEqual(report.failures, expected.failures);
        assert.deepEqual(await db.users(), await other.users());
      }
    }),
    { numRuns: 20, interruptAfterTimeLimit: 30_000 },
  );
});
