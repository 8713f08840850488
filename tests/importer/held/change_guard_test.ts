/** The change guard holds a whole file until an admin approves or discards it (docs/people.md#change-guard). */
import assert from "node:assert/strict";
import { discardHold, listHeld } from "../../../src/postgres/history/holds.ts";
import { expiredImports, markCleared } from "../../../src/postgres/history/retention_store.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { countsOf, csvOf, onEachDatabase, onServer } from "../../postgres/roster_database.ts";
import { never, Office, people, TIGHT } from "./office.ts";

const MOVED = people(5, 3);

onEachDatabase(
  "a file that would change a column of most users is held, and an approval applies it from bak",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));
      const held = await office.drop("roster.csv", MOVED + '"u6","ldap","Perth","1"\n"u7","ldap","Perth","perhaps"\n');

      assert.equal(held.status, "held");
      assert.deepEqual(countsOf(held), { records: 7, held: 7, bytes: held.bytes });
      assert.deepEqual({ ...held.hold, ended_at: null }, {
        kind: "changes",
        losses: [],
        state: "open",
        reason: "city would change for 3 of the 5 known users in the file: more than 50 percent and more than 2 users",
        columns: [{ column: "city", users: 3, known_users: 5 }],
        ended_at: null,
        ended_by: null,
      });
      const { columns } = (await listHeld(db.database.sql, held.id, { limit: 1 }))!;
      const examples = ["u01", "u02", "u03"].map((unique_id) => ({ unique_id, before: "Ottawa", after: "Hull" }));
      assert.deepEqual(columns, [{ column: "city", users: 3, known_users: 5, examples }]);
      assert.deepEqual(held.warnings.map(({ code }) => code), ["changes_held", "mail_not_configured"]);
      assert.deepEqual(await office.values("city"), Array(5).fill("Ottawa"), "none of it is applied");
      assert.ok((await Deno.stat(office.bak(held.bak_file!))).isFile);

      const applied = await office.approve(held.id);

      assert.deepEqual(applied.counts, { records: 7, created: 1, updated: 3, unchanged: 2, failed: 1 });
      assert.deepEqual((await office.values("city")).toSorted(), ["Hull", "Hull", "Hull", "Ottawa", "Ottawa", "Perth"]);
      const after = await office.entry(held.id);
      assert.deepEqual([after.hold!.state, after.hold!.ended_by], ["approved", applied.import]);
      assert.deepEqual(after.decisions.map(({ what, by, counts }) => ({ what, by, counts })), [
        { what: "approved", by: "admin", counts: applied.counts },
      ]);
      await assert.rejects(office.approve(held.id), { code: "hold_is_over" });

      await office.turn();

      const entry = await office.entry(applied.import);
      assert.deepEqual([entry.status, entry.approves, entry.bak_file], ["failed_records", held.id, held.bak_file]);
      assert.match(await Deno.readTextFile(office.bak(entry.failed_file!)), /u7.*perhaps/);
      assert.deepEqual([...Deno.readDirSync(office.uploads.at(".rosterd"))], []);

      const undone = await undoImport(db.database, entry.id, never, "admin");

      assert.deepEqual([undone!.restored, undone!.archived], [3, 1]);
      assert.deepEqual((await office.values("city")).toSorted(), [...Array(5).fill("Ottawa"), "Perth"]);
    }),
);

onServer(
  "after a discard, the next file is judged separately",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));
      const held = await office.drop("roster.csv", MOVED);
      assert.equal((await discardHold(db.database, held.id, never, "admin"))!.discarded, 0);
      await assert.rejects(office.approve(held.id), { code: "hold_is_over" });

      const next = await office.drop("roster.csv", people(5, 2));

      assert.deepEqual([next.status, next.updated], ["done", 2]);
      assert.equal((await office.entry(held.id)).hold!.state, "discarded");
    }),
);

onServer(
  "a held file adds nothing to the unchanged-record cache, and skipped records count as known users",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      const long = "\n".repeat(4_096);
      await office.drop("first.csv", people(9) + long);
      await office.drop("again.csv", people(9) + long);
      const [learned] = await db.sql`select count(*) from rosterd.known_state`;
      assert.equal(learned.count, 1);

      const honest = await office.drop("honest.csv", people(9, 3) + long);
      assert.deepEqual([honest.status, honest.updated], ["done", 3], "3 of 9, not 3 of 3");
      const held = await office.drop("held.csv", people(9, 8, { city: "Perth" }) + long);
      assert.deepEqual(held.hold!.columns.map(({ users, known_users }) => [users, known_users]), [[8, 9]]);
      const next = await office.drop("next.csv", people(9, 4, { city: "Perth" }) + long);

      assert.deepEqual([next.status, next.updated, next.unchanged], ["done", 4, 5]);
      assert.deepEqual((await office.values("city")).filter((city) => city === "Perth").length, 4);
      assert.equal((await office.entry(held.id)).hold!.state, "superseded");
    }),
);

onServer(
  "check and a trial report that a file would be held, and the effects of an approval",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));

      const checked = await db.check(MOVED, { settings: office.settings });
      assert.deepEqual([checked.status, checked.updated, checked.held], ["held", 3, 0]);
      assert.deepEqual(checked.held_columns.map(({ column, users, examples }) => [column, users, examples.length]), [
        ["city", 3, 3],
      ]);
      assert.deepEqual(checked.warnings.map(({ code }) => code), ["changes_held"]);
      assert.equal(checked.changes.length, 3);

      const trial = await office.with({ apply: false }).drop("trial.csv", MOVED);
      assert.deepEqual([trial.status, trial.hold, trial.updated], ["checked", null, 3]);
      assert.match(
        trial.warnings[0].text,
        /^the file would be put on hold, and no records would be applied until an admin/,
      );
    }),
);

onServer(
  "an id with a new last name and a new date of birth causes a warning but no hold",
  (db) =>
    Office.open(db, {}, async (office) => {
      const roster = (...people: [last_name: string, date_of_birth: string][]) =>
        csvOf(people.map(([last_name, date_of_birth], at) => ({
          unique_id: `u${at}`,
          login_source: "ldap",
          ...{ last_name, date_of_birth },
        })));
      const first = await office.drop("first.csv", roster(["Roy", "1990-01-01"], ["Côté", "1991-01-01"], ["Fox", ""]));

      const next = await office.drop(
        "next.csv",
        roster(["ROY", "1980-01-01"], ["Hill", "1981-01-01"], ["Hart", "1982-01-01"]),
      );

      const told = ({ warnings }: typeof next) => warnings.filter(({ code }) => code === "other_person");
      assert.deepEqual(told(first), []);
      assert.deepEqual(told(next), [{
        code: "other_person",
        text:
          "1 user gets a different last name and a different date of birth, on line 3: check that no unique_id was given to " +
          "another person",
      }]);
      assert.equal(next.status, "done");
    }),
);

onServer(
  "a feed can have different limits, and a value that its user keeps does not count",
  (db) =>
    Office.open(
      db,
      { ...TIGHT, feeds: { students: {}, staff: { change_guard: { min_users: 3 } } } },
      async (office) => {
        await office.drop("students/first.csv", people(5));
        await office.drop("staff/first.csv", people(5).replaceAll(/"u(?=\d)/g, '"t'));

        const staff = await office.drop("staff/roster.csv", MOVED.replaceAll(/"u(?=\d)/g, '"t'));
        assert.deepEqual([staff.status, staff.updated], ["done", 3]);
        const students = await office.drop("students/roster.csv", MOVED);
        assert.equal(students.status, "held");
        const kept = await office.drop("staff/kept.csv", people(5, 5, { city: "Perth" }));

        assert.deepEqual([kept.status, kept.warnings[0].code], ["done", "kept"]);
      },
    ),
);

onServer(
  "retention keeps a held file, and deletes the examples after the hold is over",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));
      const { id } = await office.drop("roster.csv", MOVED);
      const expired = () => expiredImports(db.database.sql, "", new Date(Date.now() + 60_000));
      assert.ok(!(await expired()).some((one) => one.id === id));
      await discardHold(db.database, id, never, "admin");
      assert.ok((await expired()).some((one) => one.id === id));

      await markCleared(db.database.sql, id, new Date());

      const { columns } = (await listHeld(db.database.sql, id, { limit: 1 }))!;
      assert.deepEqual(columns, [{ column: "city", users: 3, known_users: 5, examples: [] }]);
    }),
);
