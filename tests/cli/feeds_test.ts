/** Tests `--feed` on the command line: the settings and the history of a feed, and unknown names. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: tests of ${import.meta.url} that need a server: ${unavailable}`);

const ROSTER = "unique_id,login_source,data_of_birth\n1,ldap,31/12/2007\n";

Deno.test({
  name: "import and check use the settings of the feed, the history names the feed, and an unknown feed is refused",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    await here.write("settings.json", '{"feeds": {"students": {"date_format": "DD/MM/YYYY"}, "staff": {}}}');
    await here.write("x.csv", ROSTER);

    assert.equal((await here.run("check", "x.csv")).code, 2);
    assert.equal((await here.run("check", "--feed", "students", "x.csv")).code, 0);
    const { checks: [{ proposal }] } = JSON.parse((await here.run("check", "--feed", "staff", "--json", "x.csv")).out);
    assert.deepEqual(proposal.patch, { feeds: { staff: { date_format: "DD/MM/YYYY" } } });

    assert.equal((await here.run("import", "--feed", "students", "x.csv")).code, 0);
    assert.match((await here.run("imports")).out, /done {2}students\/x\.csv {2}records 1, created 1/);
    assert.match((await here.run("imports", "--feed", "students")).out, /students\/x\.csv/);
    assert.match((await here.run("imports", "--feed", "staff")).out, /no imports match/);

    const unknown = await here.run("import", "--feed", "guests", "x.csv");
    assert.deepEqual([unknown.code, unknown.out], [64, ""]);
    assert.match(unknown.err, /"guests" is not a feed: the feeds are students, staff/);
    assert.match((await here.run("import", "--feed", "../x", "x.csv")).err, /--feed must be the name of a feed/);
  },
});

Deno.test("print --feed uses the feed's folder and a separate account, and refuses the name of the common group", async () => {
  await using here = await Workplace.make();
  const text = (await here.run("print", "sshd", "--upload", "/srv/rosterd/upload", "--feed", "students")).out;
  for (
    const line of [
      "Match Group rosterd-students",
      "    ForceCommand internal-sftp -d /upload/students -u 0027 -P symlink,hardlink,mkdir,rmdir",
      "#$ install -d -o rosterd -g rosterd-students -m 3770 /srv/rosterd/upload/students",
    ]
  ) assert.ok(text.split("\n").includes(line), line);
  const refused = await here.run("print", "vsftpd", "--upload", "/srv/rosterd/upload", "--feed", "upload");
  assert.deepEqual([refused.code, refused.out], [78, ""]);
  assert.match(refused.err, /the feed upload needs its own group/);
});
