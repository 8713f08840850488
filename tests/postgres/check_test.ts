/** `check` predicts the result of an import and writes no data (docs/cli.md#check). */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Change } from "../../src/domain/outcome.ts";
import type { DryRun, DryRunPlan } from "../../src/importer/ports.ts";
import type { CheckReport } from "../../src/importer/report.ts";
import { countsOf, csvOf, type ImportReport, onEachDatabase, onServer, type User } from "./roster_database.ts";
import { PostgresImportStore } from "../../src/postgres/import/import_store.ts";
import { held } from "./held_file.ts";

const SMALL = "unique_id,login_source,city\n1,ldap,Ottawa\n2,ldap,\n";

onEachDatabase("the changes are shown column by column, before and after", async (db) => {
  await db.addUsers(
    { unique_id: "1", city: "Ottawa", date_of_birth: "1999-12-31", email: "1@x.org" },
    { unique_id: "2", city: "Hull" },
    { unique_id: "3", state: "disabled" },
    { unique_id: "4", state: "archived", city: "Hull" },
    { unique_id: "5", state: "disabled" },
    { unique_id: "6" },
  );
  const report = await db.check(
    `unique_id,login_source,city,data_of_birth,email,active
1,ldap,Hull,2000-01-01,(clear),
2,ldap,,,,0
3,ldap,,,,1
4,ldap,Ottawa,,,1
5,ldap,,,,0
6,ldap,,,,1
7,ldap,Hull,2000-01-01,,
8,ldap,,,,0
6,ldap,Hull,,,1
9,ldap,,2000-13-01,,
`,
    { settings: { archive_inactive_users: true } },
  );

  assert.deepEqual(report.changes, [
    {
      unique_id: "1",
      outcome: "updated",
      columns: { city: ["Ottawa", "Hull"], data_of_birth: ["1999-12-31", "2000-01-01"], email: ["1@x.org", null] },
    },
    { unique_id: "2", outcome: "archived", columns: { active: ["1", "0"] } },
    { unique_id: "3", outcome: "updated", columns: { active: ["0", "1"] } },
    { unique_id: "4", outcome: "reactivated", columns: { city: ["Hull", "Ottawa"], active: ["0", "1"] } },
    { unique_id: "5", outcome: "archived", columns: {} },
    {
      unique_id: "7",
      outcome: "created",
      columns: {
        login_source: [null, "ldap"],
        city: [null, "Hull"],
        data_of_birth: [null, "2000-01-01"],
        active: [null, "1"],
      },
    },
    { unique_id: "8", outcome: "created", columns: { login_source: [null, "ldap"], active: [null, "0"] } },
  ]);
});

onServer("the first hundred changed users are shown in the order of their records", async (db) => {
  const ids = Array.from({ length: 150 }, (_, at) => `${200 - at}`);

  const report = await db.check(csvOf(ids.map((unique_id) => ({ unique_id, login_source: "ldap" }))));

  assert.equal(report.created, 150);
  assert.deepEqual(report.changes.map(({ unique_id }) => unique_id), ids.slice(0, 100));
});

onServer("in an empty database, check predicts an import and creates no schema", async (db) => {
  const report = await db.check(SMALL);

  assert.deepEqual(countsOf(report), { records: 2, created: 2 });
  const [{ schema }] = await db.sql`select to_regnamespace('rosterd') as schema`;
  assert.equal(schema, null);
}, { migrated: false });

onServer("check writes no row and leaves no lock", async (db) => {
  await db.addUsers({ unique_id: "1" });
  const written = () =>
    db.sql`
    select (select array_agg(xmin::text || u::text) from rosterd.users as u) as users,
      (select count(*) from rosterd.imports) + (select count(*) from rosterd.import_failures) as history,
      (select last_value from rosterd.imports_id_seq) as next_id`;
  const before = [...await written()];

  const report = await db.check(SMALL + "3,\n");

  assert.deepEqual(countsOf(report), { records: 3, created: 1, updated: 1, failed: 1 });
  assert.deepEqual([...await written()], before);
});

onServer("check runs during an import, and sees the import's changes only after the import has ended", async (db) => {
  const { way, reached, release } = held("staged");
  const importing = db.import(SMALL, way);
  await reached;

  const during = await db.check(SMALL);
  release();

  assert.deepEqual(countsOf(during), { records: 2, created: 2 });
  assert.deepEqual(countsOf(await importing), { records: 2, created: 2 });
  assert.deepEqual(countsOf(await db.check(SMALL)), { records: 2, unchanged: 2 });
});

onServer("an import that ends during a check does not affect the check's result", async (db) => {
  const way = { settings: { archive_inactive_users: true } };
  const roster = "unique_id,login_source,active\n1,ldap,0\n";
  await db.addUsers({ unique_id: "1" });
  await db.sql`insert into rosterd.permits (unique_id) values ('1')`;
  /** Runs an import after the check has made its plan and before it counts. */
  const interrupted = async (planned: Promise<DryRunPlan>) => {
    const forecast = await planned;
    await db.import(roster, way);
    return forecast;
  };
  class SlowStore extends PostgresImportStore {
    override dryRun<T>(work: (transaction: DryRun) => Promise<T>): Promise<T> {
      return super.dryRun((transaction) => {
        const stage = transaction.stage.bind(transaction);
        transaction.stage = async (...about) => {
          const staging = await stage(...about), end = staging.end.bind(staging);
          staging.end = async (...about) => {
            const ended = await end(...about);
            assert.ok(ended.users === null);
            return { users: null, plan: (findings) => interrupted(ended.plan(findings)) };
          };
          return staging;
        };
        return work(transaction);
      });
    }
  }

  const report = await db.check(roster, { ...way, store: new SlowStore(db.database) });

  assert.deepEqual(countsOf(report), { records: 1, archived: 1, permits_released: 1 });
  assert.deepEqual(report.changes, [{ unique_id: "1", outcome: "archived", columns: { active: ["1", "0"] } }]);
  assert.deepEqual(countsOf(await db.check(roster, way)), { records: 1, unchanged: 1 });
});

onServer("check and import have the same result for any roster", async (db) => {
  await fc.assert(
    fc.asyncProperty(users, records, fc.boolean(), async (users, records, archive_inactive_users) => {
      await db.clear();
      if (users.length > 0) await db.addUsers(...users);
      await db.sql`insert into rosterd.permits (unique_id) select unique_id from rosterd.users`;
      const way = { settings: { archive_inactive_users } };
      const roster = csvOf(records.map((record) => ({ login_source: "ldap", ...record })));
      const before = await db.users();

      const foreseen = await db.check(roster, way);
      assert.deepEqual(await db.users(), before);
      const done = await db.import(roster, way);

      assert.deepEqual(comparable(foreseen), comparable(done));
      // Changes are sorted by id, because archived users who give up a value may have no record and thus no line.
      const ids = [...new Set([...records.map(({ unique_id }) => unique_id), ...Object.keys(before)])].sort();
      const byId = foreseen.changes.toSorted((a, b) => a.unique_id < b.unique_id ? -1 : 1);
      assert.deepEqual(byId, changesBetween(before, await db.users(), ids));
    }),
    { numRuns: 40, interruptAfterTimeLimit: 20_000 },
  );
});

function comparable(report: ImportReport | CheckReport) {
  return { counts: countsOf(report), status: report.status, failures: report.failures, warnings: report.warnings };
}

const id = fc.constantFrom("1", "2", "3", "4", "5", "6");
const name = ["a", "b", "c", "d"];

const users = fc.uniqueArray(
  fc.record({
    unique_id: id,
    user_name: fc.option(fc.constantFrom(...name)),
    city: fc.constantFrom(null, "Ottawa", "Hull"),
    state: fc.constantFrom("active", "disabled", "archived"),
  }),
  {
    comparator: (a, b) => a.unique_id === b.unique_id || (a.user_name !== null && a.user_name === b.user_name),
    maxLength: 6,
  },
);

const records = fc.array(
  fc.record({
    unique_id: id,
    user_name: fc.constantFrom("", "(clear)", ...name),
    city: fc.constantFrom("", "(clear)", "Ottawa", "Hull"),
    date_of_birth: fc.constantFrom("", "", "1999-12-31"),
    active: fc.constantFrom("", "0", "1", "x"),
  }),
  { minLength: 1, maxLength: 8 },
);

/** Lists the users who differ between two states of the table, in the order of `ids`. */
function changesBetween(before: Record<string, User>, after: Record<string, User>, ids: string[]): Change[] {
  const changed = [...new Set(ids)].filter((id) => JSON.stringify(before[id]) !== JSON.stringify(after[id]));
  return changed.map((unique_id) => {
    const [was, is] = [before[unique_id] ?? {}, after[unique_id]];
    const outcome = !(unique_id in before)
      ? "created"
      : was.archived !== is.archived
      ? is.archived ? "archived" : "reactivated"
      : "updated";
    const columns = Object.keys(is)
      .filter((name) => name !== "archived" && name !== "unique_id" && (was[name] ?? null) !== is[name])
      .map((name) => [name === "date_of_birth" ? "data_of_birth" : name, [shown(was[name]), shown(is[name])]]);
    return { unique_id, outcome, columns: Object.fromEntries(columns) };
  });
}

function shown(value: unknown): string | null {
  return typeof value === "boolean" ? (value ? "1" : "0") : (value as string | null | undefined) ?? null;
}
