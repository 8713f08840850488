/** An approval applies a held file once. If that is not possible, the hold stays open (docs/people.md#approve). */
import assert from "node:assert/strict";
import { connectServer } from "../../../src/postgres/connection/connect.ts";
import { PostgresImportStore } from "../../../src/postgres/import/import_store.ts";
import { canMount, withMemory } from "../../inbox/mounts.ts";
import { onEachDatabase, onServer } from "../../postgres/roster_database.ts";
import { never, Office, people, TIGHT } from "./office.ts";

const MOVED = people(5, 3);

/** A person whose values the held file changes. */
const CITIES = ["Hull", "Hull", "Hull", "Ottawa", "Ottawa"];
const BEFORE = Array(5).fill("Ottawa");

async function held(office: Office) {
  await office.drop("first.csv", people(5));
  return await office.drop("roster.csv", MOVED);
}

async function isRefused(office: Office, id: number, code: string): Promise<void> {
  await assert.rejects(office.approve(id), { name: "CannotDecide", code });
  assert.equal((await office.entry(id)).hold!.state, "open");
  assert.deepEqual(await office.values("city"), BEFORE);
}

onServer(
  "an approval is refused if the file in bak is gone, changed or replaced by a link",
  (db, t) =>
    Office.open(db, TIGHT, async (office) => {
      const { id, bak_file } = await held(office), path = office.bak(bak_file!);

      await t.step("changed", async () => {
        await Deno.writeTextFile(path, MOVED.replaceAll("Hull", "Rome"));
        await isRefused(office, id, "file_changed");
      });
      await t.step("changed to a roster that would be rejected", async () => {
        await Deno.writeTextFile(path, "nothing\n");
        await isRefused(office, id, "file_changed");
      });
      await t.step("replaced by a link to the same content", async () => {
        await Deno.writeTextFile(office.uploads.at("elsewhere.txt"), MOVED);
        await Deno.remove(path);
        await Deno.symlink(office.uploads.at("elsewhere.txt"), path);
        await isRefused(office, id, "file_gone");
      });
      await t.step("replaced by a folder", async () => {
        await Deno.remove(path);
        await Deno.mkdir(path);
        await isRefused(office, id, "file_gone");
      });
      await t.step("gone", async () => {
        await Deno.remove(path);
        await isRefused(office, id, "file_gone");
      });
      await t.step("in a bak that is a link", async () => {
        await Deno.rename(office.uploads.at("bak"), office.uploads.at("bak elsewhere"));
        await Deno.symlink(office.uploads.at("bak elsewhere"), office.uploads.at("bak"));
        await isRefused(office, id, "file_gone");
      });
      await t.step("back again, with its content", async () => {
        await Deno.remove(office.uploads.at("bak"));
        await Deno.rename(office.uploads.at("bak elsewhere"), office.uploads.at("bak"));
        await Deno.writeTextFile(path, MOVED);

        assert.equal((await office.approve(id)).counts.updated, 3);
      });
    }),
);

onEachDatabase(
  "if two admins approve at once, the file is applied once",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      const { id } = await held(office);

      const both = await Promise.allSettled([office.approve(id), office.approve(id)]);

      const refused = both.filter((one) => one.status === "rejected");
      assert.deepEqual(refused.map(({ reason }) => reason.code), ["hold_is_over"]);
      assert.deepEqual(await office.values("city"), CITIES);
      const [{ count }] = await db.sql`select count(*) from rosterd.imports where approves = ${id}`;
      assert.equal(count, 1);
    }),
);

onServer(
  "if two rosterd approve at once, the file is applied once, and the leader finishes the import",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      const { id, bak_file } = await held(office);
      const other = connectServer(db.url!);
      try {
        const both = await Promise.allSettled([
          office.approve(id),
          office.approve(id, { database: other, store: new PostgresImportStore(other) }),
        ]);

        assert.deepEqual(both.map(({ status }) => status).toSorted(), ["fulfilled", "rejected"]);
      } finally {
        await other.close();
      }
      const [entry] = await db.sql`select id, bak_file from rosterd.imports where approves = ${id}`;
      assert.equal(entry.bak_file, null, "its mail waits for the failed records");
      await office.turn();
      assert.equal((await office.entry(entry.id)).bak_file, bak_file);
    }),
);

onServer(
  "a newer applied file ends the hold, but not a file that is held, rejected or fails",
  (db, t) =>
    Office.open(db, TIGHT, async (office) => {
      const { id } = await held(office);
      const state = async () => (await office.entry(id)).hold!;

      await t.step("a file that is held, too", async () => {
        const newer = await office.drop("newer.csv", people(5, 4, { city: "Perth" }));
        assert.deepEqual([newer.status, (await state()).state], ["held", "open"]);
      });
      await t.step("a rejected file", async () => {
        await office.drop("bad.csv", "nothing\n");
        assert.equal((await state()).state, "open");
      });
      await t.step("a file of which no record is applied", async () => {
        await office.drop("failing.csv", "unique_id,login_source,active\nu01,ldap,perhaps\n");
        assert.equal((await state()).state, "open");
      });
      await t.step("a trial", async () => {
        await office.with({ apply: false }).drop("trial.csv", people(5));
        assert.equal((await state()).state, "open");
      });
      await t.step("the older file itself, which leaves the newer hold open", async () => {
        const applied = await office.approve(id);
        assert.equal((await state()).state, "approved");
        const [newer] = await db.sql`select hold_state from rosterd.imports where file = 'newer.csv'`;
        assert.equal(newer.hold_state, "open");
        assert.equal(applied.counts.updated, 3);
      });
      await t.step("a file that is applied", async () => {
        const last = await office.drop("last.csv", MOVED);
        const [newer] = await db
          .sql`select id, hold_state, hold_ended_by from rosterd.imports where file = 'newer.csv'`;
        assert.deepEqual([last.status, newer.hold_state, newer.hold_ended_by], ["done", "superseded", last.id]);
        await assert.rejects(office.approve(newer.id), { code: "hold_is_over", message: /already been superseded/ });
      });
    }),
);

onServer(
  "a file of another feed does not end a hold, and a hold of another feed is not touched",
  (db) =>
    Office.open(db, { ...TIGHT, feeds: { students: {}, staff: {} } }, async (office) => {
      await office.drop("students/first.csv", people(5));
      const { id } = await office.drop("students/roster.csv", MOVED);

      const other = await office.drop("staff/roster.csv", people(7).replaceAll(/"u(?=\d)/g, '"t'));

      assert.equal(other.status, "done");
      assert.equal((await office.entry(id)).hold!.state, "open");
      const applied = await office.approve(id);
      await office.turn("students");
      const entry = await office.entry(applied.import);
      assert.deepEqual([entry.feed, entry.bak_file !== null], ["students", true]);
    }),
);

onServer(
  "an approval is refused if the settings no longer fit the file",
  (db, t) =>
    Office.open(db, { ...TIGHT, feeds: { students: {} } }, async (office) => {
      await office.drop("students/first.csv", people(5));
      const { id } = await office.drop("students/roster.csv", MOVED);
      await t.step("the feed is gone", () => isRefused(office.with({ feeds: {} }), id, "no_such_feed"));
      await t.step(
        "the feed is a trial",
        () => isRefused(office.with({ feeds: { students: { apply: false } } }), id, "trial"),
      );
      await t.step(
        "the file would be rejected",
        () => isRefused(office.with({ required_columns: ["email"] }), id, "would_be_rejected"),
      );
      await t.step("the feed is paused, which does not matter", async () => {
        await office.with({ paused_until: "2100-01-01T00:00:00Z" }).approve(id);
        assert.deepEqual(await office.values("city"), CITIES);
      });
    }),
);

onServer(
  "an approval applies the file to the current users, and names further columns that would change too much",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      const { id } = await held(office);
      await db.sql`update rosterd.users set login_source = 'sso'`;
      await db.sql`update rosterd.users set city = 'Hull' where unique_id = 'u01'`;

      await assert.rejects(office.approve(id), {
        code: "more_changes",
        message: /also change login_source for too many/,
      });

      const { hold } = await office.entry(id);
      assert.deepEqual(hold!.columns.map(({ column, users }) => [column, users]), [["city", 3], ["login_source", 5]]);
      assert.match(hold!.reason, /^city would change for 3 of the 5 known users in the file, login_source for 5: /);
      const { counts } = await office.approve(id);
      assert.deepEqual(counts, { records: 5, updated: 5 });
      assert.deepEqual(await office.values("city"), CITIES);
    }),
);

onServer(
  "the archive guard still applies to an approved file",
  (db) =>
    Office.open(db, { ...TIGHT, archive_guard: { max_percent: 10, min_users: 1 } }, async (office) => {
      await office.drop("first.csv", people(5));
      const { id, warnings } = await office.drop("roster.csv", people(5, 3, { city: "Hull", active: "0" }));
      assert.deepEqual(warnings.map(({ code }) => code), ["changes_held", "mail_not_configured"]);

      const applied = await office.approve(id);

      const entry = await office.entry(applied.import);
      assert.deepEqual([entry.status, entry.held, entry.hold!.kind, entry.hold!.state], ["held", 3, "access", "open"]);
      assert.deepEqual(await office.values("city"), CITIES);
      assert.deepEqual(await office.values("active"), Array(5).fill("true"));
    }),
);

onServer(
  "a held file does not count as an open hold for the archive guard",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await held(office);

      const next = await office.drop("next.csv", people(5, 1, { active: "0" }));

      assert.deepEqual([next.status, next.updated, next.held], ["done", 1, 0]);
    }),
);

onServer(
  "a file from the command line is held, but cannot be approved",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));
      const { id, status, warnings } = await db.import(MOVED, { settings: office.settings });
      assert.deepEqual([status, warnings[0].code], ["held", "changes_held"]);

      await isRefused(office, id!, "file_not_in_bak");
    }),
);

onServer(
  "if the client disconnects while it waits, the file is not approved",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      const { id } = await held(office);
      const gone = new AbortController();
      gone.abort(new Error("the client is gone"));

      await assert.rejects(office.approve(id, { signal: gone.signal }), /the client is gone/);

      assert.equal((await office.entry(id)).hold!.state, "open");
      await office.approve(id, { signal: never });
    }),
);

onServer("a held file in a bak on another file system can be applied (mounts)", async (db) => {
  if (!canMount()) return console.error("LEFT OUT: this process may not mount");
  await Office.open(db, TIGHT, async (office) => {
    await Deno.mkdir(office.uploads.at("bak"));
    await withMemory(office.uploads.at("bak"), async () => {
      await office.drop("first.csv", people(5));
      const { id } = await office.drop("roster.csv", `${MOVED}"u6","ldap","Hull","perhaps"\n`);

      const applied = await office.approve(id);
      await office.turn();

      const { status, failed_file } = await office.entry(applied.import);
      assert.equal(status, "failed_records");
      assert.match(await Deno.readTextFile(office.bak(failed_file!)), /perhaps/);
    });
  });
});
