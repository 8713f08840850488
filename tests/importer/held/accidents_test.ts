/**
 * The change guard's decisions, with its default limits, about rosters with accidents and about ordinary ones.
 */
import assert from "node:assert/strict";
import { onServer } from "../../postgres/roster_database.ts";
import { ACCIDENTS, HONEST, OFFICE } from "./accidents.ts";
import { Office } from "./office.ts";

onServer(
  "ten rosters with typical accidents are held, and none of their records is applied",
  (db) =>
    Office.open(db, {}, async (office) => {
      await office.drop("office.csv", OFFICE);
      const before = await db.users();
      for (const [name, { roster, settings = {}, says }] of Object.entries(ACCIDENTS)) {
        const held = await office.with(settings).drop("roster.csv", roster);

        assert.deepEqual([held.status, held.hold?.columns.map(({ column }) => column)], ["held", says], name);
        assert.deepEqual(await db.users(), before, name);
        console.log(`${name}: ${held.hold!.reason}`);
      }
    }),
);

onServer("ten ordinary rosters pass the guards", (db) =>
  Office.open(db, {}, async (office) => {
    await office.drop("office.csv", OFFICE);
    for (const [name, { roster, settings = {} }] of Object.entries(HONEST)) {
      const { status, held_columns, failed } = await db.check(roster, {
        settings: { ...office.settings, ...settings },
      });

      assert.deepEqual({ status, held_columns, failed }, { status: "done", held_columns: [], failed: 0 }, name);
    }
  }));
