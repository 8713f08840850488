/** The change guard holds a whole file, until an admin approves or discards it (docs/people.md#change-guard). */
import assert from "node:assert/strict";
import { discardHold } from "../../../src/postgres/history/holds.ts";
import { undoImport } from "../../../src/postgres/history/undo.ts";
import { countsOf, onEachDatabase, onServer } from "../../postgres/roster_database.ts";
import { never, Office, people, TIGHT } from "./office.ts";

const MOVED = people(5, 3);

onEachDatabase(
  "of a file that would change a column of most users nothing is applied, and an approval applies it from bak",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));
      const held = await office.drop("roster.csv", MOVED + '"u6","ldap","Perth","1"\n"u7","ldap","Perth","perhaps"\n');

      assert.equal(held.status, "held");
      assert.deepEqual(countsOf(held), { records: 7, held: 7, bytes: held.bytes });
      assert.deepEqual({ ...held.hold, ended_at: null }, {
        kind: "changes",
        state: "open",
        reason: "city would change for 3 of the 5 known users in the file: more than 50 percent and more than 2 users",
        columns: [{
          column: "city",
          users: 3,
          known_users: 5,
          examples: ["u01", "u02", "u03"].map((unique_id) => ({ unique_id, before: "Ottawa", after: "Hull" })),
        }],
        ended_at: null,
        ended_by: null,
      });
      assert.deepEqual(held.warnings.map(({ code }) => code), ["changes_held", "mail_not_configured"]);
      assert.deepEqual(await office.values("city"), Array(5).fill("Ottawa"), "nothing of it is applied");
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
  "a discard forgets the file, and the next one is weighed by itself",
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
