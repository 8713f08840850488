import assert from "node:assert/strict";
import { connectServer } from "../../../src/postgres/connection/connect.ts";
import { type HostAddress, type HostState, PrimaryFinder } from "../../../src/postgres/connection/primary.ts";
import { codeOf, errorWithCode } from "../../../src/runtime/errors.ts";
import { serverUnavailable, testDatabase } from "../../support/postgres.ts";
import { Proxy } from "../../support/proxy.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: a test of ${import.meta.url}: ${unavailable}`);

type Answers = Record<string, HostState | string | "never">;

/**
 * Returns a finder for hosts that give these answers. The test may change the answers. A string represents an error
 * with that code.
 */
function finder(answers: Answers): PrimaryFinder {
  const hosts = Object.keys(answers).map((host) => ({ host, port: 5432 }));
  return new PrimaryFinder(hosts, ({ host }: HostAddress) => {
    const answer = answers[host];
    if (answer === "never") return new Promise(() => {});
    if (typeof answer === "string") return Promise.reject(errorWithCode(answer, answer));
    return Promise.resolve(answer);
  });
}

const STANDBY: HostState = { acceptsWrites: false, timeline: 0 };
const primary = (timeline: number): HostState => ({ acceptsWrites: true, timeline });
const hostOf = async (finder: PrimaryFinder) => (await finder.find()).host;
const refusal = (finder: PrimaryFinder) => finder.find().then(() => "found", codeOf);

Deno.test("the host that accepts writes is chosen, whatever its position in the list", async () => {
  assert.equal(await hostOf(finder({ a: primary(1), b: STANDBY })), "a");
  assert.equal(await hostOf(finder({ a: STANDBY, b: primary(1) })), "b");
  assert.equal(await hostOf(finder({ a: "ECONNREFUSED", b: STANDBY, c: primary(1) })), "c");
});

Deno.test("a host that never answers does not delay the choice for long", async () => {
  assert.equal(await hostOf(finder({ a: "never", b: primary(1) })), "b");
});

Deno.test("if two primaries answer, the one that was promoted last is chosen", async () => {
  assert.equal(await hostOf(finder({ a: primary(1), b: primary(2) })), "b");
});

Deno.test("an old primary that comes back is never used again, even if it is the only one that answers", async () => {
  const answers: Answers = { a: primary(1), b: STANDBY };
  const found = finder(answers);
  assert.equal(await hostOf(found), "a");
  Object.assign(answers, { a: "ECONNREFUSED", b: primary(2) });
  assert.equal(await hostOf(found), "b");
  Object.assign(answers, { a: primary(1), b: "ECONNREFUSED" });
  assert.equal(await refusal(found), "OLD_PRIMARY");
  Object.assign(answers, { b: primary(2) });
  assert.equal(await hostOf(found), "b");
});

Deno.test("without a primary, the reason says whether a standby answered", async () => {
  assert.equal(await refusal(finder({ a: "ECONNREFUSED", b: STANDBY })), "NO_PRIMARY");
  assert.equal(await refusal(finder({ a: "ECONNREFUSED", b: "28P01" })), "28P01");
});

Deno.test("the primary is returned with its timeline, so that links to an older timeline can be closed", async () => {
  assert.deepEqual(await finder({ a: primary(1), b: primary(2) }).find(), { host: "b", port: 5432, timeline: 2 });
});

Deno.test("a single host is used without a check, so that its own error is reported", async () => {
  assert.equal(await hostOf(finder({ a: "never" })), "a");
});

Deno.test({
  name: "a frozen link is closed as soon as another server becomes the primary",
  ignore: unavailable !== null,
  async fn() {
    await using test = (await testDatabase())!;
    await using first = Proxy.start(test.url);
    await using second = Proxy.start(test.url);
    second.refusesNew = true;
    const [one, other] = [first, second].map(({ url }) => new URL(url));
    const database = connectServer(`postgres://postgres@${one.host},${other.host}${one.pathname}`);
    try {
      await database.sql`select 1`;
      first.freezesNew = true;
      first.freezeAll();
      second.refusesNew = false;
      const asked = database.sql`select 1`.then(() => "answered", codeOf);
      await database.leaveOldPrimary();
      assert.equal(await asked, "CONNECTION_CLOSED");
      assert.equal((await database.sql`select 1`).length, 1);
    } finally {
      await database.close();
    }
  },
});
