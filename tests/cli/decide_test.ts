/** Tests `imports approve|discard|undo ID`and the output about held users, both for people and for scripts. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);
const serverTest = (name: string, fn: () => Promise<void>) => Deno.test({ name, ignore: unavailable !== null, fn });
const SETTINGS = JSON.stringify({ archive_inactive_users: true, archive_guard: { max_percent: 10, min_users: 2 } });

/** A roster with the users u01 to u30, of whom the first `gone` are inactive. */
function roster(gone: number): string {
  const ids = Array.from({ length: 30 }, (_, at) => `u${String(at + 1).padStart(2, "0")}`);
  return "unique_id,login_source,active\n" + ids.map((id, at) => `${id},ldap,${at < gone ? 0 : 1}\n`).join("");
}

/** Import 1 created 30 users, each with a permit. Import 2 holds 25 of these users. */
async function workplace(): Promise<Workplace> {
  const database = (await testDatabase())!;
  const here = await Workplace.make({ DATABASE_URL: database.url });
  await here.write("settings.json", SETTINGS);
  await here.write("all.csv", roster(0));
  await here.write("spring.csv", roster(25));
  assert.equal((await here.run("import", "all.csv", "spring.csv")).code, 2);
  const dispose = here[Symbol.asyncDispose].bind(here);
  return Object.assign(here, {
    async [Symbol.asyncDispose]() {
      await dispose();
      await database[Symbol.asyncDispose]();
    },
  });
}

const json = async (here: Workplace, ...words: string[]) => JSON.parse((await here.run(...words, "--json")).out);

serverTest("check predicts the users that an import holds; imports, imports show and status list them", async () => {
  await using here = await workplace();

  const check = await here.run("check", "spring.csv");
  assert.equal(check.code, 2);
  assert.match(
    check.out,
    /warning: archivals would be put on hold: import 2 still has an open hold, .*; these users would stay unchanged until/,
  );
  assert.equal(check.out.match(/^ {2}would be held: u\d\d$/gm)!.length, 20);

  assert.match(
    (await here.run("imports")).out,
    /^2 {2}\S+ \S+ {2}held \(open\) {2}spring\.csv .*held 25\n1 {2}\S+ \S+ {2}done/,
  );

  const { code, out } = await here.run("imports", "show", "2");
  assert.equal(code, 0);
  assert.match(
    out,
    /^ {2}25 users are held: login source "ldap" has 30 active users, and 25 would have lost access/m,
  );
  assert.match(
    out,
    /^ {2}these users stay unchanged until you run "rosterd imports approve 2" or "rosterd imports discard 2"$/m,
  );
  assert.equal(out.match(/^ {2}u\d\d \(line \d+\) would be archived$/gm)!.length, 20);
  assert.match(out, /^ {2}u01 \(line 2\)[\s\S]*^ {2}… and 5 more$/m);
  assert.doesNotMatch(out, /warning/);

  assert.match(
    (await here.run("status")).out,
    /^ {2}import 2 \(spring\.csv\) holds 25 users: to see why and decide, run "rosterd imports show 2"$/m,
  );
  const status = await json(here, "status");
  assert.deepEqual([status.open_holds, status.holds], [1, [
    { id: 2, kind: "access", feed: "", file: "spring.csv", users: 25 },
  ]]);
});

serverTest("imports says why a file was rejected", async () => {
  await using here = await workplace();
  await here.write("empty.csv", "");
  await here.run("import", "empty.csv");
  const { out } = await here.run("imports", "--limit", "1");
  assert.match(
    out,
    /^3 {2}\S+ \S+ {2}rejected {2}empty\.csv {2}the file is empty: export the roster and upload it again\n/,
  );
});

serverTest("approve prints its result and the users that it left out; undo restores the users", async () => {
  await using here = await workplace();
  await here.write("corrected.csv", roster(2).replace("u01,ldap,0\nu02,ldap,0\n", ""));
  await here.run("import", "corrected.csv");

  const approved = await here.run("imports", "approve", "2");
  assert.equal(approved.code, 0, approved.err);
  assert.match(
    approved.out,
    /^import 2 approved: 2 users archived, 0 permits released\n {2}left unchanged: 23\n {2}u03: a later roster/,
  );
  assert.equal(approved.out.match(/: a later roster says otherwise \(import 3, "corrected\.csv"\)$/gm)!.length, 20);
  assert.match(approved.out, /^ {2}… and 3 more\n$/m);
  const shown = (await here.run("imports", "show", "2")).out;
  assert.match(shown, /^spring\.csv: the held archivals were approved$/m);
  assert.match(shown, /^ {2}25 users were held: .*\n {2}u01 \(line 2\) was archived\n {2}u02 .* was archived\n/m);
  assert.match(shown, /^ {2}u03 \(line 4\) was left unchanged\n[\s\S]*^ {2}… and 5 more\n {2}approved \d{4}-/m);
  assert.doesNotMatch(shown, /would be archived/);

  assert.equal((await here.run("imports", "undo", "3")).code, 0, "it said of 23 users that they are active");
  const undone = await here.run("imports", "undo", "2");
  assert.deepEqual(undone, { code: 0, out: "import 2 undone: 2 users restored\n", err: "" });
  assert.match(
    (await here.run("imports")).out,
    /^3 .* done .*\n2 .* held \(approved, undone\) .*held 25; approved: archived 2, left unchanged 23; undone: restored 2$/m,
  );
  const after = (await here.run("imports", "show", "2")).out;
  assert.match(after, /^ {2}approved \d{4}-\S+ by \S+.*: archived 2, left unchanged 23$/m);
  assert.match(after, /^ {2}undone \d{4}-\S+ by \S+.*: restored 2$/m);
  const { decisions } = await json(here, "imports", "show", "2");
  const counts = { archived: 2, disabled: 0, permits_released: 0, left_out_total: 23 };
  assert.deepEqual(decisions.map(({ what }: { what: string }) => what), ["approved", "undone"]);
  assert.deepEqual([decisions[0].counts, typeof decisions[0].by], [counts, "string"]);
});

serverTest("an impossible decision exits with 1 and one sentence; --json prints the HTTP response", async () => {
  await using here = await workplace();
  const refused = async (...words: string[]) => {
    const { code, out, err } = await here.run("imports", ...words);
    assert.deepEqual([code, out], [1, ""], words.join(" "));
    return err;
  };
  assert.equal(await refused("approve", "1"), "rosterd: there is no hold on this import\n");
  assert.equal(await refused("discard", "9"), "rosterd: import 9 does not exist\n");
  const shown = await json(here, "imports", "show", "2");
  assert.deepEqual([shown.status, shown.hold.state, shown.held_users.length], ["held", "open", 25]);
  assert.deepEqual(shown.held_users[0].outcome, null);
  const nonsense = await here.run("imports", "undo", "latest");
  assert.deepEqual([nonsense.code, nonsense.out], [64, ""]);
  assert.match(nonsense.err, /^rosterd: ID must be a whole number .*\nusage: rosterd imports undo ID \[--json\]/);

  assert.deepEqual(await json(here, "imports", "discard", "2"), { discarded: 25, left_out: [], left_out_total: 0 });
  const discarded = await here.run("imports", "show", "2");
  assert.match(discarded.out, /^spring\.csv: the held archivals were discarded$/m);
  assert.equal(discarded.out.match(/^ {2}u\d\d \(line \d+\) was left unchanged$/gm)!.length, 20);
  assert.equal(await refused("approve", "2"), "rosterd: the hold on this import has already been discarded\n");
  assert.equal((await here.run("imports", "undo", "2")).code, 0, "it said of 25 users that they are inactive");
  assert.deepEqual(await json(here, "imports", "undo", "1"), {
    ...{ restored: 0, archived: 30, permits_restored: 0, permits_released: 0 },
    ...{ left_out: [], left_out_total: 0 },
  });
});

serverTest("in a database that rosterd has never used, decisions report that the import does not exist", async () => {
  await using database = (await testDatabase())!;
  await using here = await Workplace.make({ DATABASE_URL: database.url });
  assert.equal((await here.run("imports", "approve", "1")).err, "rosterd: import 1 does not exist\n");
});
