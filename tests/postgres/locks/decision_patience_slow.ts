/** A decision waits ten seconds for an import but no longer. */
import assert from "node:assert/strict";
import { approveHold } from "../../../src/postgres/history/holds.ts";
import { held } from "../held_file.ts";
import { onServer } from "../roster_database.ts";

const settings = { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } };
const never = new AbortController().signal;

onServer("approve is refused during a long import and changes nothing, and succeeds afterwards", async (db) => {
  await db.addUsers({ unique_id: "1" });
  const { id } = await db.import("unique_id,login_source,active\n1,ldap,0\n", { settings });
  const { way, reached, release } = held("staged");
  const importing = db.import("unique_id,login_source\n2,ldap\n", way);
  await reached;

  await assert.rejects(approveHold(db.database, id!, never, "admin"), { name: "CannotDecide", code: "import_running" });

  assert.equal((await db.users())["1"].active, true);
  release();
  await importing;
  assert.equal((await approveHold(db.database, id!, never, "admin"))!.archived, 1);
});
