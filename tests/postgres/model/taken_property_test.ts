/** For any small roster, repeated and taken values in the database match the model. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ImportStore, ImportTransaction, WaitOptions } from "../../../src/importer/ports.ts";
import { PostgresImportStore } from "../../../src/postgres/import/import_store.ts";
import { csvOf, onServer, type RosterDatabase } from "../roster_database.ts";
import { expectedOutcome, type WorldRecord, type WorldUser } from "./taken_model.ts";

const NAMES = ["a", "A", "b", "c", "d", "é", "É"];
const id = fc.constantFrom("1", "2", "3", "4", "5", "6");

/** Generates valid users, all with different ids, user_names and emails. */
const users: fc.Arbitrary<WorldUser[]> = fc.uniqueArray(
  fc.record({
    unique_id: id,
    user_name: fc.option(fc.constantFrom("a", "b", "c", "d", "É")),
    email: fc.option(fc.constantFrom("a@x.org", "b@x.org", "c@x.org", "d@x.org")),
    state: fc.constantFrom("active", "archived"),
  }),
  { comparator: clash, maxLength: 6 },
);

function clash(a: WorldUser, b: WorldUser): boolean {
  const same = (key: "user_name" | "email") => a[key] !== null && a[key] === b[key];
  return a.unique_id === b.unique_id || same("user_name") || same("email");
}

const records: fc.Arbitrary<WorldRecord[]> = fc.array(
  fc.record({
    unique_id: id,
    user_name: fc.constantFrom("", "(clear)", ...NAMES),
    email: fc.constantFrom("", "", "(clear)", ...["a", "A", "b", "c", "d"].map((name) => `${name}@x.org`)),
    active: fc.constantFrom("", "", "", "", "x"),
  }),
  { minLength: 1, maxLength: 9 },
) as fc.Arbitrary<WorldRecord[]>;

onServer("the users table and the failures match the model for any roster", async (db) => {
  const stores = [db.store, new PartsStore(db.database)];
  await fc.assert(
    fc.asyncProperty(users, records, fc.constantFrom(...stores), async (users, records, store) => {
      const { gives: _, ...expected } = expectedOutcome(users, records);
      assert.deepEqual(await outcome(db, users, records, store), expected);
    }),
    { numRuns: 250, interruptAfterTimeLimit: 20_000 },
  );
});

async function outcome(db: RosterDatabase, users: WorldUser[], records: WorldRecord[], store: ImportStore) {
  await db.sql`delete from rosterd.users`;
  if (users.length > 0) await db.addUsers(...users);
  const roster = csvOf(records.map((record) => ({ login_source: "ldap", ...record })));
  const report = await db.import(roster, { store });
  assert.equal(report.reason, null);
  const after = Object.entries(await db.users());
  return {
    users: Object.fromEntries(after.map(([id, { user_name, email }]) => [id, { user_name, email }])),
    failures: Object.fromEntries(report.failures.map(({ line, problems }) => [line, problems.map(({ code }) => code)])),
    skipped: report.skipped,
  };
}

/** A store that receives possible duplicates in batches while records are being written, some of them twice. */
class PartsStore extends PostgresImportStore {
  override transaction<T>(work: (transaction: ImportTransaction) => Promise<T>, waiting: WaitOptions): Promise<T> {
    return super.transaction((transaction) => {
      const stage = transaction.stage.bind(transaction);
      transaction.stage = async (...about) => {
        const staging = await stage(...about), end = staging.end.bind(staging), write = staging.write.bind(staging);
        staging.write = async (...written) => {
          await write(...written);
          await staging.note([], []);
        };
        staging.end = async (duplicates, repeated) => {
          for (const one of duplicates) await staging.note([one], []);
          return await end(duplicates, repeated);
        };
        return staging;
      };
      return work(transaction);
    }, waiting);
  }
}
