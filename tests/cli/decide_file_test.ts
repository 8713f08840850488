/** Tests `imports show|approve|discard ID` and `check` for a file held by the change guard. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { Workplace } from "../support/rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const SETTINGS = { change_guard: { max_percent: 50, min_users: 1 } };
const HEADER = "unique_id,login_source,city\n";

Deno.test({
  name: "a held file is shown with examples and approved from bak without a running service",
  ignore: unavailable !== null,
  fn: async () => {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    await here.write("settings.json", JSON.stringify({ ...SETTINGS, settle_seconds: 0 }));
    {
      await using service = await TestService.start({
        databaseUrl: database.url,
        settings: SETTINGS,
        upload: here.path("upload"),
      });
      await service.import("first.csv", `${HEADER}1,ldap,Ottawa\n2,ldap,Ottawa\n3,ldap,Ottawa\n`);
      await service.import("moved.csv", `${HEADER}1,ldap,Hull\n2,ldap,Hull\n3,ldap,Ottawa\n`);
    }
    await here.write("next.csv", `${HEADER}1,ldap,Perth\n2,ldap,Perth\n3,ldap,Perth\n`);

    const check = await here.run("check", "next.csv");
    assert.equal(check.code, 2);
    assert.match(check.out, /^next\.csv: the file would be put on hold\n {2}records 3, updated 3\n/);
    assert.match(check.out, /\n {2}city: 3 of 3 known users\n {4}1: "Ottawa" → "Perth"\n/);

    const { out } = await here.run("imports", "show", "2");
    assert.match(out, /^moved\.csv: the file is on hold\n {2}records 3, held 3\n/);
    assert.match(out, /\n {2}the file is held: city would change for 2 of the 3 known users in the file: more than 50/);
    assert.match(
      out,
      /\n {2}city: 2 of 3 known users\n {4}1: "Ottawa" → "Hull"\n {4}2: "Ottawa" → "Hull"\n/,
    );
    assert.match((await here.run("status")).out, /^ {2}import 2 \(moved\.csv\) holds its whole file: to see why/m);

    const approved = await here.run("imports", "approve", "2");
    assert.equal(approved.code, 0, approved.err);
    assert.equal(
      approved.out,
      "import 2 approved: its file was applied as import 3 (done: records 3, updated 2, unchanged 1)\n",
    );
    assert.match((await here.run("imports", "show", "2")).out, /^ {2}applied as import 3$/m);
    assert.equal(
      (await here.run("imports", "approve", "2")).err,
      "rosterd: the hold on this import has already been approved\n",
    );

    const held = await here.run("import", "next.csv");
    assert.equal(held.code, 2);
    assert.match(held.out, /^next\.csv: the file is on hold\n {2}records 3, held 3\n/);
    assert.match(
      (await here.run("imports", "approve", "4")).err,
      /^rosterd: the file of import 4 is not in bak: if you have not dropped it/,
    );
    assert.equal((await here.run("imports", "discard", "4")).out, "import 4 discarded: nothing needed to change\n");
  },
});
