/**
 * An import waits for rows locked by other programs and holds no row locks while it waits. If waiting takes too long,
 * the next turn tries again. The other programs are never canceled because of a deadlock.
 */
import assert from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../../../src/domain/settings.ts";
import { importFolder } from "../../../src/importer/import_folder.ts";
import type { Turn } from "../../../src/importer/upload_steps.ts";
import type { ImportStore } from "../../../src/importer/ports.ts";
import { createInbox } from "../../../src/inbox/inbox.ts";
import type { Sql } from "../../../src/postgres/connection/connect.ts";
import { isDatabaseUnreachable } from "../../../src/postgres/connection/errors.ts";
import { PostgresImportStore } from "../../../src/postgres/import/import_store.ts";
import { systemClock } from "../../../src/runtime/clock.ts";
import { silentLog } from "../../../src/runtime/log.ts";
import { gateBefore, importYields, transactionOf, waitsForLock, withOther } from "./other_program.ts";
import { countsOf, csvOf, onServer } from "../roster_database.ts";

const archiving = { archive_inactive_users: true, archive_guard: { max_percent: 100, min_users: 0 } };
const never = new AbortController().signal;

onServer("a lock for another program's foreign key to a user does not stop the import", async (db) => {
  await db.addUsers({ unique_id: "1" });
  await db.sql`create table public.bookings (unique_id text collate "C" references rosterd.users)`;
  await withOther(db, async (other) => {
    const booking = transactionOf(other, async (tx) => void await tx`insert into public.bookings values ('1')`);
    await booking.begun;
    assert.deepEqual(countsOf(await db.import("unique_id,login_source,city\n1,ldap,Hull\n")), {
      records: 1,
      updated: 1,
    });
    await booking.commit();
  });
});

onServer(
  "a file that the change guard holds waits for no user or permit that another program has locked",
  async (db) => {
    await db.addUsers({ unique_id: "1", city: "Hull" }, { unique_id: "2", city: "Hull" });
    await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1')`;
    await withOther(db, async (other) => {
      const selling = transactionOf(other, async (tx) => {
        await tx`update rosterd.users set phone_cell = '9'`;
        await tx`update rosterd.permits set permit_no = 'P2'`;
      });
      await selling.begun;
      const settings = { ...archiving, change_guard: { max_percent: 50, min_users: 1 } };
      const roster = "unique_id,old_unique_id,login_source,city,active\n1,,ldap,Ottawa,0\n2,,ldap,Ottawa,0\n";

      assert.equal((await db.import(roster, { settings })).status, "held");

      await selling.commit();
    });
  },
);

onServer(
  "a program that locks rows in the opposite order gets its locks, and is never canceled because of a deadlock",
  async (db) => {
    await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
    await withOther(db, async (other) => {
      const first = transactionOf(other, async (tx) => {
        await tx`update rosterd.users set phone_cell = '9' where unique_id = '2'`;
      });
      await first.begun;
      const importing = db.import("unique_id,login_source,city\n1,ldap,Hull\n2,ldap,Hull\n");
      await importYields(db);
      // While the import is waiting for user 2, it has no other users locked.
      await db.sql.begin(async (tx) => {
        await tx`set local lock_timeout = '500ms'`;
        await tx`update rosterd.users set phone_cell = '8' where unique_id = '1'`;
      });
      await first.commit();

      assert.deepEqual(countsOf(await importing), { records: 2, updated: 2 });
      const users = await db.users();
      assert.deepEqual([users["1"].phone_cell, users["2"].phone_cell, users["1"].city], ["8", "9", "Hull"]);
    });
  },
);

onServer(
  "a program that has waited for most of deadlock_timeout is not canceled when the import needs its rows",
  async (db) => {
    await db.addUsers({ unique_id: "1" });
    const gate = await gateBefore(db, "insert on rosterd.users");
    await withOther(db, async (other) => {
      const inserted = Promise.withResolvers<void>();
      const theirs = other.begin(async (tx) => {
        await tx`insert into rosterd.users (unique_id, login_source) values ('new', 'hr')`;
        inserted.resolve();
        await gate.reached();
        await tx`update rosterd.users set phone_cell = '9' where unique_id = '1'`;
      });
      await inserted.promise;
      const importing = db.import("unique_id,login_source,city\n1,ldap,Hull\nnew,ldap,Hull\n");
      await waitsForLock(db, 700);
      await gate.open();

      await theirs;
      assert.deepEqual(countsOf(await importing), { records: 2, updated: 2 });
      assert.equal((await db.users())["1"].phone_cell, "9");
    });
  },
);

onServer(
  "programs that change users in any order during imports lose nothing and are never canceled",
  async (db) => {
    const ids = Array.from({ length: 40 }, (_, at) => `${at}`);
    await db.addUsers(...ids.map((unique_id) => ({ unique_id, phone_cell: "0" })));
    await db.sql`insert into rosterd.permits (permit_no, unique_id) select id, id from unnest(${ids}::text[]) as id`;
    const stop = new AbortController();
    /** Another program that changes two users and a permit in consecutive transactions. */
    const program = async (other: Sql, own: readonly string[]) => {
      let done = 0;
      while (!stop.signal.aborted) {
        const [one, two] = [own[done % own.length], own[(done * 7 + 3) % own.length]];
        await other.begin(async (tx) => {
          await tx`update rosterd.permits set status = status where unique_id = ${two}`;
          for (const id of [two, one]) {
            await tx`update rosterd.users set phone_cell = (phone_cell::integer + 1)::text where unique_id = ${id}`;
          }
        });
        done++;
      }
      return 2 * done;
    };
    await withOther(db, (even) =>
      withOther(db, async (odd) => {
        const programs = [
          program(even, ids.filter((id) => Number(id) % 2 === 0)),
          program(odd, ids.filter((id) => Number(id) % 2 === 1)),
        ];
        const ended = Promise.all(programs);
        ended.catch(() => {});
        try {
          for (let round = 1; round <= 6; round++) {
            const active = round % 2 === 0 ? "0" : "1";
            const roster = csvOf(
              ids.map((unique_id) => ({ unique_id, login_source: "ldap", city: `C${round}`, active })),
            );
            const report = await db.import(roster, { settings: archiving });
            assert.equal(report.status, "done", JSON.stringify(report.reason));
          }
        } finally {
          stop.abort();
          await Promise.allSettled(programs);
        }
        const changed = (await ended).reduce((sum, count) => sum + count, 0);
        const [{ sum, cities }] = await db.sql`
        select sum(phone_cell::integer) as sum, count(distinct city) as cities from rosterd.users`;
        assert.deepEqual([sum, cities], [changed, 1]);
        assert.ok(changed > 100, "the programs were busy");
      }));
  },
);

/** Runs a turn on a folder with the given files. */
async function turn(folder: string, store: ImportStore) {
  const inbox = createInbox({ upload: folder, clock: systemClock, log: silentLog });
  const merged: string[] = [];
  const onProgress: Turn["onProgress"] = ({ name }, _, { stage }) => void (stage === "merging" && merged.push(name));
  const common = { inbox, store, clock: systemClock, log: silentLog, signal: never, onProgress };
  const result = await importFolder({
    ...common,
    feed: "",
    isPaused: () => false,
    settings: { ...DEFAULT_SETTINGS, settle_seconds: 0 },
    stopsAll: isDatabaseUnreachable,
  }, await inbox.scan(0));
  return { ...result, merged };
}

onServer(
  "a file whose users stay locked is postponed with a reason, and the next turn retries the file",
  async (db) => {
    await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
    const store = new PostgresImportStore(db.database, { lockWaitMs: 600 });
    const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    await Deno.writeTextFile(`${folder}/a.csv`, "unique_id,login_source,city\n1,ldap,Hull\n2,ldap,Hull\n");
    await Deno.writeTextFile(`${folder}/b.csv`, "unique_id,login_source,city\n2,ldap,Aylmer\n");
    await withOther(db, async (other) => {
      const lock = transactionOf(other, async (tx) => {
        await tx`select from rosterd.users where unique_id = '1' for update`;
      });
      await lock.begun;

      const first = await turn(folder, store);

      const text = "another program has locked users or permits that this roster changes";
      assert.deepEqual(first.postponed, [{ file: "a.csv", reason: { code: "users_locked", text, line: null } }]);
      assert.deepEqual(first.merged, ["a.csv", "b.csv"], "the file is read only once, no matter how long it waits");
      assert.equal(first.imported.length, 1);
      const users = await db.users();
      assert.deepEqual([users["1"].city, users["2"].city], [null, "Aylmer"]);
      const [entry] = await db.sql`select status, reason from rosterd.imports where file = 'a.csv'`;
      assert.deepEqual([entry.status, entry.reason.code], ["error", "users_locked"]);
      await lock.commit();
    });

    const second = await turn(folder, store);

    assert.deepEqual([second.postponed, second.imported.length], [[], 1]);
    assert.equal((await db.users())["1"].city, "Hull");
    await Deno.remove(folder, { recursive: true });
  },
);

onServer("an import that waits for locked rows can be aborted", async (db) => {
  await db.addUsers({ unique_id: "1" });
  await withOther(db, async (other) => {
    const lock = transactionOf(other, async (tx) => void await tx`select from rosterd.users for update`);
    await lock.begun;
    const stop = new AbortController();
    const importing = db.import("unique_id,login_source,city\n1,ldap,Hull\n", { signal: stop.signal });
    await importYields(db);
    stop.abort(new Error("called off"));
    await assert.rejects(importing, { message: "called off" });
    await lock.commit();
    assert.equal((await db.users())["1"].city, null);
  });
});

onServer("a connection killed while the import changes users rolls the whole import back", async (db) => {
  await db.addUsers({ unique_id: "1" });
  const gate = await gateBefore(db, "insert on rosterd.users");
  const importing = db.import("unique_id,login_source,city\n1,ldap,Hull\nnew,ldap,Hull\n");
  await gate.reached();
  await db.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name = 'rosterd' and xact_start is not null`;

  const report = await importing;

  assert.equal(report.status, "error");
  assert.match(report.reason!.code, /^(57P01|CONNECTION_CLOSED)$/);
  const users = await db.users();
  assert.deepEqual([users["1"].city, users.new], [null, undefined]);
  await gate.open();
  assert.deepEqual(countsOf(await db.import("unique_id,login_source\nnew,ldap\n")), { records: 1, created: 1 });
});
