/** One import: bytes go in, and users, counts and failures come out, all in one transaction. */
import assert from "node:assert/strict";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { RejectedFile } from "../../src/domain/outcome.ts";
import { importFile } from "../../src/importer/import_file.ts";
import { Findings } from "../../src/importer/checks/findings.ts";
import { unreadFacts } from "../../src/importer/import_job.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { onServer, type RosterDatabase } from "../postgres/roster_database.ts";
import { fileOf } from "../support/memory_file.ts";

const ROSTER = `unique_id,login_source,first_name,email
1001,ldap,Anna,anna@example.edu
1002,ldap,Omar,omar(at)example.edu
1003,ldap,Sofia,sofia@example.edu
`;

async function importText({ store }: RosterDatabase, text: string) {
  const file = fileOf(text), settings = DEFAULT_SETTINGS, signal = new AbortController().signal;
  const begun = {
    feed: "",
    file: file.name,
    claimKey: null,
    by: null,
    settings,
    startedAt: systemClock.now(),
    bytes: file.size,
  };
  const { id } = await store.begin(begun);
  const facts = unreadFacts(file), stages = new Set<string>();
  const job = { feed: "", settings, clock: systemClock, signal, facts, findings: new Findings(), isUpload: false };
  const onProgress = ({ stage }: { stage: string }) => void stages.add(stage);
  const importing = store.transaction((transaction) => importFile(file, transaction, id, { ...job, onProgress }), {
    signal,
  });
  return { id, facts, stages, importing };
}

onServer("valid records create users, and an invalid record becomes a failure that says what to do", async (db) => {
  const { id, facts, stages, importing } = await importText(db, ROSTER);
  await importing;

  assert.deepEqual(Object.keys(await db.users()), ["1001", "1003"]);
  const entry = (await db.store.find(id))!;
  assert.deepEqual([entry.status, entry.records, entry.created, entry.failed], ["failed_records", 3, 2, 1]);
  assert.deepEqual([facts.encoding, facts.delimiter], ["utf-8", ","]);
  assert.deepEqual([...stages], ["examining", "reading", "merging"]);
  const failures = [];
  for await (const page of db.store.failures(id)) failures.push(...page);
  const reason = 'email "omar(at)example.edu" must look like name@example.com';
  const problems = [{ column: "email", code: "9033", reason }];
  assert.deepEqual(failures, [{ line: 3, unique_id: "1002", problems, since: entry.started_at }]);
});

onServer("a file that looks cut off is rejected, and none of its records is applied", async (db) => {
  const { id, importing } = await importText(db, ROSTER + "1004,ldap");
  await assert.rejects(importing, (error) => {
    assert.ok(error instanceof RejectedFile);
    const text = "the file looks cut off at line 5: upload the whole file again";
    assert.deepEqual(error.reason, { code: "cut_off", text, line: 5 });
    return true;
  });
  assert.deepEqual(await db.users(), {});
  assert.equal((await db.store.find(id))!.status, "running", "the caller notes the rejection");
});
