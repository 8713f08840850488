/** An approval waits up to ten seconds for another import. */
import assert from "node:assert/strict";
import { onServer } from "../../postgres/roster_database.ts";
import { held } from "../../postgres/held_file.ts";
import { Office, people, TIGHT } from "./office.ts";

onServer(
  "an approval that finds another import running for ten seconds is refused, and the hold stays open",
  (db) =>
    Office.open(db, TIGHT, async (office) => {
      await office.drop("first.csv", people(5));
      const { id } = await office.drop("roster.csv", people(5, 3));
      const { way, reached, release } = held("staged");
      const importing = db.import(people(6), way);
      await reached;

      await assert.rejects(office.approve(id), { name: "CannotDecide", code: "import_running" });

      release();
      assert.equal((await importing).created, 1);
      assert.equal((await office.entry(id)).hold!.state, "superseded");
    }),
);
