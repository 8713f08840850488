import assert from "node:assert/strict";
import type { Clock } from "../../src/runtime/clock.ts";
import { BrokenSettingsFile } from "../../src/domain/stored_settings.ts";
import { ADMIN, CLERK, credential, CREDENTIALS, LINK, READER, SESSION, testHttp, testTokens } from "./fake_service.ts";

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

Deno.test("A request without a token gets the same response as a request with a wrong token", async () => {
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

Deno.test("After ten wrong tokens in a minute, an address gets 429, but a valid token always works", async () => {
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

Deno.test("The read token allows only GET calls that name no users", async () => {
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

Deno.test("If no read token is set, no token has the role read", async () => {
  const tokens = testTokens(() => [credential("admin", "admin", ADMIN)]);
  await using http = await testHttp({ options: { tokens } });
  assert.equal((await ask(http, `Bearer ${READER}`)).status, 401);
  assert.equal((await ask(http, "Bearer null")).status, 401);
});

Deno.test("A changed token applies from the next request", async () => {
  let admin = ADMIN;
  await using http = await testHttp({ options: { tokens: testTokens(() => [credential("admin", "admin", admin)]) } });
  admin = "another";
  assert.equal((await ask(http, `Bearer ${ADMIN}`)).status, 401);
  assert.equal((await ask(http, "Bearer another")).status, 200);
});

Deno.test("A refusal names the role that the call requires", async () => {
  await using http = await testHttp();
  const detail = async (token: string, method: string, path: string) => {
    const answer = await ask(http, `Bearer ${token}`, path, method);
    assert.equal(answer.status, 403);
    return (await answer.json()).detail;
  };
  const role = (own: string, required: string) =>
    `the role ${own} does not allow this: use a token with the role ${required}`;
  assert.equal(await detail(READER, "GET", "/imports/1/failures"), role("read", "clerk"));
  assert.equal(await detail(READER, "POST", "/imports/1/undo"), role("read", "admin"));
  assert.equal(await detail(CLERK, "PATCH", "/settings"), role("clerk", "admin"));
  assert.match(await detail(CLERK, "POST", "/imports/1/undo"), /^clerks may not decide: .* clerks_may_decide$/);
  assert.match(await detail(ADMIN, "POST", "/session"), /^this call needs a sign-in link/);
});

Deno.test("Clerks may decide only while clerks_may_decide is on, and never while the settings cannot be read", async () => {
  await using http = await testHttp();
  const holder = async () => (await (await ask(http, `Bearer ${CLERK}`, "/session")).json()).may_decide;
  const decide = async () => (await ask(http, `Bearer ${CLERK}`, "/imports/1/discard", "POST")).status;
  assert.deepEqual([await holder(), await decide()], [false, 403]);
  await http.json("PATCH", "/settings", { clerks_may_decide: true });
  assert.deepEqual([await holder(), await decide()], [true, 200]);
  await using broken = await testHttp({
    service: {
      settings: { ...http.settings, read: () => Promise.reject(new BrokenSettingsFile("settings.json", [])) },
    },
  });
  assert.equal((await ask(broken, `Bearer ${CLERK}`, "/imports/1/discard", "POST")).status, 403);
  assert.equal((await ask(broken, `Bearer ${ADMIN}`, "/imports/1/discard", "POST")).status, 200);
});

Deno.test("A decision records the token's name, and only the admin token of the process may name a user", async () => {
  const deciders: string[] = [];
  const note = (_id: number, _signal: AbortSignal, by: string) => {
    deciders.push(by);
    return Promise.resolve({ discarded: 0, left_out: [], left_out_total: 0 });
  };
  const chief = credential("chief", "admin", "token-of-the-chief");
  await using http = await testHttp({
    service: { decisions: { approve: () => Promise.resolve(null), undo: () => Promise.resolve(null), discard: note } },
    options: { tokens: testTokens(() => [...CREDENTIALS, chief]) },
  });
  const headers = (token: string, user?: string) => ({
    authorization: `Bearer ${token}`,
    ...user === undefined ? {} : { "rosterd-user": user },
  });
  for (const [token, user] of [[ADMIN], [ADMIN, "root"], ["token-of-the-chief"], ["token-of-the-chief", "root"]]) {
    await http.ask("POST", "/imports/1/discard", { headers: headers(token, user) });
  }
  assert.deepEqual(deciders, ["admin", "root", "chief", "chief"]);
});

Deno.test("A sign-in link starts a session, and no other call accepts it", async () => {
  await using http = await testHttp();
  const started = await ask(http, `Bearer ${LINK}`, "/session", "POST");
  assert.equal(started.status, 200);
  assert.deepEqual(await started.json(), {
    name: "anna",
    role: "clerk",
    may_decide: false,
    token: SESSION,
    expires_at: "2026-11-24T06:00:00.000Z",
  });
  for (const [method, path] of [["GET", "/session"], ["GET", "/status"], ["POST", "/imports"]]) {
    assert.equal((await ask(http, `Bearer ${LINK}`, path, method)).status, 401);
  }
  const raced = { ...testTokens(() => CREDENTIALS), startSession: () => Promise.resolve(null) };
  await using late = await testHttp({ options: { tokens: raced } });
  assert.equal((await ask(late, `Bearer ${LINK}`, "/session", "POST")).status, 401);
});
