/** The final state of the whole file determines who gets a user_name or email (docs/file-format.md#taken-values). */
import assert from "node:assert/strict";
import {
  countsOf,
  csvOf,
  type ImportReport,
  onEachDatabase,
  onServer,
  type RosterDatabase,
} from "./roster_database.ts";

/**
 * Imports records that consist of an id and an email. Resolves to the final emails and the line and code of each
 * failure.
 */
async function emails(db: RosterDatabase, before: Record<string, string | null>, records: [string, string][]) {
  await db.clear();
  const users = Object.entries(before).map(([unique_id, email]) => ({ unique_id, email }));
  if (users.length > 0) await db.addUsers(...users);
  const report = await db.import(
    csvOf(records.map(([unique_id, email]) => ({ unique_id, login_source: "ldap", email }))),
  );
  const after = Object.entries(await db.users()).map(([id, { email }]) => [id, email]);
  return { after: Object.fromEntries(after), failures: codesOf(report) };
}

function codesOf({ failures }: ImportReport): string[] {
  return failures.map(({ line, problems }) => `${line} ${problems.map(({ code }) => code).join(" ")}`);
}

onEachDatabase("two users swap values, three rotate them, and a chain moves up", async (db) => {
  assert.deepEqual(await emails(db, { a: "a@x.org", b: "b@x.org" }, [["a", "b@x.org"], ["b", "a@x.org"]]), {
    after: { a: "b@x.org", b: "a@x.org" },
    failures: [],
  });
  assert.deepEqual(
    await emails(db, { a: "a@x.org", b: "b@x.org", c: "c@x.org" }, [["a", "b@x.org"], ["b", "c@x.org"], [
      "c",
      "a@x.org",
    ]]),
    { after: { a: "b@x.org", b: "c@x.org", c: "a@x.org" }, failures: [] },
  );
  assert.deepEqual(
    await emails(db, { a: "a@x.org", b: "b@x.org" }, [["a", "b@x.org"], ["b", "n@x.org"], [
      "new",
      "a@x.org",
    ]]),
    { after: { a: "b@x.org", b: "n@x.org", new: "a@x.org" }, failures: [] },
  );
});

onEachDatabase("the user who keeps a value wins; otherwise, the earliest line wins", async (db) => {
  assert.deepEqual(await emails(db, { z: "a@x.org" }, [["a", "a@x.org"], ["b", "b@x.org"], ["c", "b@x.org"]]), {
    after: { b: "b@x.org", z: "a@x.org" },
    failures: ["2 9019", "4 9019"],
  });
  assert.deepEqual(await emails(db, { z: "a@x.org" }, [["a", "a@x.org"], ["z", "a@x.org"]]), {
    after: { z: "a@x.org" },
    failures: ["2 9019"],
  });
  assert.deepEqual(await emails(db, { z: "a@x.org" }, [["z", "(clear)"], ["b", "a@x.org"], ["a", "a@x.org"]]), {
    after: { b: "a@x.org", z: null },
    failures: ["4 9019"],
  });
});

onEachDatabase(
  "a user whose claim is refused keeps the old value, so the next claim to it is refused, and so on",
  async (db) => {
    const before = { a: "a@x.org", b: "b@x.org", c: "c@x.org", d: "d@x.org", keeper: "k@x.org" };
    const chain: [string, string][] = [["d", "c@x.org"], ["c", "b@x.org"], ["b", "a@x.org"], ["a", "k@x.org"]];

    assert.deepEqual(await emails(db, before, chain), {
      after: before,
      failures: ["2 9019", "3 9019", "4 9019", "5 9019"],
    });
    const { keeper: _, ...free } = before;
    assert.deepEqual((await emails(db, free, chain)).failures, [], "if no user keeps the first value, all values move");
  },
);

onServer("a column that is shifted by one line is processed in bounded time", async (db) => {
  const users = Array.from({ length: 20_000 }, (_, n) => ({ unique_id: `${n}`, email: `${n}@x.org` }));
  await db.addUsers(...users);
  const slipped = users.map(({ unique_id }, n) => ({ unique_id, login_source: "ldap", email: `${n - 1}@x.org` }));
  slipped[0].email = "";
  const start = performance.now();

  const report = await db.import(csvOf(slipped));

  assert.deepEqual(countsOf(report), { records: 20_000, unchanged: 1, failed: 19_999 });
  assert.ok(performance.now() - start < 20_000, "there must not be a round for each record");
});

onServer("the case of A to Z is ignored, but the case of other letters is not", async (db) => {
  const settings = { login_sources: [] };
  const roster = (...names: string[]) =>
    csvOf(names.map((user_name, at) => ({ unique_id: `${at}`, login_source: "ldap", user_name })));

  const report = await db.import(roster("Anna", "aNNA", "Éva", "éva", "ANNA"), { settings });

  assert.deepEqual(codesOf(report), ["3 9020", "6 9020"]);
  assert.equal(report.failures[0].problems[0].reason, 'user_name "aNNA" is taken by the record on line 2');
});

onServer("a user may change the letter case of their own values", async (db) => {
  assert.deepEqual(await emails(db, { a: "a@x.org" }, [["b", "A@x.org"], ["a", "A@X.org"]]), {
    after: { a: "A@X.org" },
    failures: ["2 9019"],
  });
});

onServer("a failure says whether the user who has the value is active or disabled", async (db) => {
  await db.addUsers(
    { unique_id: "here", user_name: "anna" },
    { unique_id: "off", email: "a@x.org", state: "disabled" },
  );

  const report = await db.import("unique_id,login_source,email,user_name\nnew,ldap,A@x.org,Anna\n");

  assert.deepEqual(report.failures, [{
    line: 2,
    unique_id: "new",
    problems: [
      { column: "user_name", code: "9020", reason: 'user_name "Anna" is taken by user "here", who is active' },
      { column: "email", code: "9019", reason: 'email "A@x.org" is taken by user "off", who is disabled' },
    ],
  }]);
});

onServer("a record with one taken value is not applied at all", async (db) => {
  await db.addUsers({ unique_id: "1", email: "1@x.org", city: "Ottawa" }, { unique_id: "2", email: "2@x.org" });
  const before = await db.users();

  const report = await db.import("unique_id,login_source,email,city,active\n1,ldap,2@x.org,Hull,0\n");

  assert.deepEqual(countsOf(report), { records: 1, failed: 1 });
  assert.deepEqual(await db.users(), before);
});

onServer("a record that fails for another reason claims no values", async (db) => {
  const { after, failures } = await emails(db, {}, [["a".repeat(51), "a@x.org"], ["b", "a@x.org"]]);

  assert.deepEqual([after, failures], [{ b: "a@x.org" }, ["2 9030"]]);
});
