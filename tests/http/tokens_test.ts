import assert from "node:assert/strict";
import type { Clock } from "../../src/runtime/clock.ts";
import { ADMIN, READER, testHttp } from "./fake_service.ts";

type Http = Awaited<ReturnType<typeof testHttp>>;

/** Sends a request with an `Authorization` header, as if from `address`. */
async function ask(
  { app }: Http,
  authorization: string | null,
  path = "/status",
  method = "GET",
  address = "192.0.2.1",
) {
  const headers: HeadersInit = authorization === null ? {} : { authorization };
  return await app.request(path, { method, headers }, { address });
}

Deno.test("A request without a token gets the same answer as one with a wrong token", async () => {
  await using http = await testHttp();
  const wrong = [
    null,
    "Bearer wrong",
    `Basic ${ADMIN}`,
    `Bearer ${ADMIN}x`,
    "Bearer " + "x".repeat(10_000),
    "Bearer ",
    "",
  ];
  const bodies = new Set<string>();
  for (const authorization of wrong) {
    const answer = await ask(http, authorization);
    assert.equal(answer.status, 401, String(authorization).slice(0, 50));
    assert.match(answer.headers.get("www-authenticate")!, /^Bearer/);
    bodies.add(await answer.text());
  }
  assert.equal(bodies.size, 1);
  assert.equal((await ask(http, `Bearer ${ADMIN}`)).status, 200);
});

Deno.test("A token in the query is not accepted", async () => {
  await using http = await testHttp();
  for (const name of ["token", "access_token", "authorization"]) {
    assert.equal((await ask(http, null, `/status?${name}=${ADMIN}`)).status, 401);
  }
});

Deno.test("After ten wrong tokens in a minute an address gets 429, but the right token always works", async () => {
  let elapsed = 0;
  const clock: Clock = { now: () => new Date(), elapsed: () => elapsed };
  await using http = await testHttp({ options: { clock } });
  for (let round = 0; round < 10; round++) assert.equal((await ask(http, "Bearer wrong")).status, 401);
  elapsed = 20_000;
  const refused = await ask(http, "Bearer wrong");
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "40");
  assert.equal((await ask(http, `Bearer ${ADMIN}`)).status, 200);
  assert.equal((await ask(http, null)).status, 401);
  assert.equal((await ask(http, "Bearer wrong", "/status", "GET", "192.0.2.2")).status, 401);
  elapsed = 60_000;
  assert.equal((await ask(http, "Bearer wrong")).status, 401);
});

Deno.test("The read token can only GET, and only what names no users", async () => {
  await using http = await testHttp();
  const statuses = async (...calls: [string, string][]) =>
    await Promise.all(calls.map(async ([method, path]) => (await ask(http, `Bearer ${READER}`, path, method)).status));
  assert.deepEqual(
    await statuses(["GET", "/status"], ["HEAD", "/status"], ["GET", "/settings"], ["GET", "/imports"], [
      "GET",
      "/imports/1",
    ]),
    [200, 200, 200, 200, 200],
  );
  assert.deepEqual(
    await statuses(
      ["GET", "/imports/1/failures"],
      ["GET", "/imports/%31/%66ailures"],
      ["HEAD", "/imports/1/failures"],
      ["GET", "/imports/1/failed.csv"],
      ["GET", "/imports/1/held"],
      ["HEAD", "/imports/1/held?limit=1"],
      ["POST", "/imports"],
      ["POST", "/imports/1/approve"],
      ["POST", "/imports/1/discard"],
      ["POST", "/imports/1/undo"],
      ["PATCH", "/settings"],
      ["PUT", "/settings"],
      ["POST", "/settings/test-mail"],
      ["POST", "/check?name=x.csv"],
    ),
    Array(14).fill(403),
  );
});

Deno.test("If no read token is set, no token is accepted as one", async () => {
  await using http = await testHttp({ options: { tokens: () => Promise.resolve({ admin: ADMIN, read: null }) } });
  assert.equal((await ask(http, `Bearer ${READER}`)).status, 401);
  assert.equal((await ask(http, "Bearer null")).status, 401);
});

Deno.test("A changed token applies from the next request", async () => {
  let admin = ADMIN;
  await using http = await testHttp({ options: { tokens: () => Promise.resolve({ admin, read: null }) } });
  admin = "another";
  assert.equal((await ask(http, `Bearer ${ADMIN}`)).status, 401);
  assert.equal((await ask(http, "Bearer another")).status, 200);
});
