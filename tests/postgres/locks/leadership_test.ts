/** If several rosterd processes share a database, one of them is the leader (`src/postgres/leadership.ts`). */
import assert from "node:assert/strict";
import { connectServer } from "../../../src/postgres/connection/connect.ts";
import { Leadership } from "../../../src/postgres/leadership.ts";
import { serverUnavailable, testDatabase } from "../../support/postgres.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "two concurrent attempts to become the leader count as one, and resigning releases the lock",
  ignore: unavailable !== null,
  async fn() {
    await using made = (await testDatabase())!;
    const database = connectServer(made.url), other = connectServer(made.url);
    const leadership = new Leadership(database), rival = new Leadership(other);
    try {
      assert.deepEqual(await Promise.all([leadership.seek(), leadership.seek()]), [true, true]);
      assert.equal(leadership.holds, true);
      assert.equal(await rival.seek(), false);
      await leadership.resign();
      assert.equal(await rival.seek(), true);
      assert.equal(leadership.term.aborted, true);
      assert.equal(rival.term.aborted, false);
    } finally {
      await leadership.resign();
      await rival.resign();
      await Promise.all([database.close(), other.close()]);
    }
  },
});
