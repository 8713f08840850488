/** Like an import, a decision gives way to other programs, and its refusal says so. */
import assert from "node:assert/strict";
import { approveHold } from "../../../src/postgres/history/holds.ts";
import { onServer } from "../roster_database.ts";

const settings = { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } };

onServer(
  "approve refuses while another program has a permit locked, changes nothing, and works afterwards",
  async (db) => {
    const signal = new AbortController().signal;
    await db.addUsers({ unique_id: "1" }, { unique_id: "2" });
    await db.sql`insert into rosterd.permits (permit_no, unique_id) values ('P-1', '1')`;
    const { id } = await db.import("unique_id,login_source,active\n1,ldap,0\n2,ldap,1\n", { settings });
    const locked = Promise.withResolvers<void>(), release = Promise.withResolvers<void>();
    const other = db.sql.begin(async (tx) => {
      await tx`select from rosterd.permits for update`;
      locked.resolve();
      await release.promise;
    });
    await locked.promise;

    try {
      await assert.rejects(approveHold(db.database, id!, signal, "admin"), {
        name: "CannotDecide",
        code: "users_locked",
      });
      assert.equal((await db.users())["1"].active, true);
    } finally {
      release.resolve();
      await other;
    }

    const approved = await approveHold(db.database, id!, signal, "admin");
    assert.deepEqual([approved!.archived, approved!.permits_released], [1, 1]);
  },
);
