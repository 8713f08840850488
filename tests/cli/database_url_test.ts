/** If DATABASE_URL is not a URL, each command exits with code 78 and never prints the value. */
import assert from "node:assert/strict";
import { parseDatabaseUrl, WrongDatabaseUrl } from "../../src/domain/database_url.ts";
import { Workplace } from "../support/rosterd.ts";

const WRONG = [
  ...["u:geh#eim@db/x", "u:geh/eim@db/x", "u:geh?eim@db/x", "u:geh%eim@db/x", "u:geh%zzeim@db/x", "u:geh@eim@db/x"],
  ...[
    "u:5432/eim@db/x",
    "u:12?eim@db/x",
    "u:geheim@db:54x2/x",
    "u:geheim@db:0/x",
    "u:geheim@db:65536/x",
    "u:geheim@db:/x",
  ],
  ...[
    "u:geheim@a:1,b:x/x",
    "u:geh eim@db/x",
    "u:geheim@/x y",
    "u:geheim@[::1/x",
    "u:geheim@db/%ff",
    "u:%ffgeheim@db/x",
  ],
];

Deno.test("a missing percent-encoding or a bad port is refused, and the message does not quote the URL", () => {
  for (const rest of WRONG) {
    assert.throws(() => parseDatabaseUrl(`postgres://${rest}`), (error) => {
      assert.ok(error instanceof WrongDatabaseUrl, rest);
      assert.match(error.message, /Percent-encode special characters/, rest);
      assert.doesNotMatch(error.message + error.stack, /geh|eim|54x2/, rest);
      return true;
    });
  }
});

Deno.test("a URL may contain any encoded character, several hosts, and sockets", () => {
  const { hosts, database } = parseDatabaseUrl(
    "postgres://u:%23%2F%3F%25%40:!$&'()*+,;=~@a:1,[::1],b/park%20ing?sslmode=require",
  );
  assert.deepEqual(hosts, [{ host: "a", port: 1 }, { host: "::1", port: 5432 }, { host: "b", port: 5432 }]);
  assert.equal(database, "park ing");
  assert.equal(parseDatabaseUrl("postgres://u@%2Fvar%2Frun%2Fpostgresql/x").hosts[0].host, "/var/run/postgresql");
  for (const sslmode of ["allow", "on", "REQUIRE"]) {
    assert.throws(
      () => parseDatabaseUrl(`postgres://u@h/x?sslmode=${sslmode}`),
      /sslmode in DATABASE_URL must be one of/,
    );
  }
});

Deno.test("with a wrong URL, every command exits with 78, and no log level prints the URL", async () => {
  const url = "postgres://u:geh#eim@db/x";
  await using here = await Workplace.make({ DATABASE_URL: url });
  await here.write("x.csv", "unique_id\n");
  await here.write("url", url);
  const commands = [
    ...[["serve"], ["import", "x.csv"], ["check", "x.csv"], ["imports"], ["imports", "undo", "1"], ["doctor"], [
      "status",
    ]],
    ...[["settings", "get"], ["token"], ["healthcheck"], ["print", "systemd"]],
  ];
  for (const words of commands) {
    const { code, out, err } = await here.run(...words, "--log-level", "debug");
    assert.deepEqual([code, out], [78, ""], words.join(" "));
    assert.doesNotMatch(err, /geh|eim/);
  }
  delete here.environment.DATABASE_URL;
  here.environment.DATABASE_URL_FILE = here.path("url");
  const { code, err } = await here.run("imports", "--json");
  assert.deepEqual([code, /geh|eim/.test(err)], [78, false]);
});
