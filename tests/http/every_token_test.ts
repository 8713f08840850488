/** Sends every kind of invalid token to every call. All requests get the same response and change no data. */
import assert from "node:assert/strict";
import { type Call, everyCall, type Http, nameOf } from "./every_call.ts";
import { REQUIRED_ACCESS } from "../../src/http/required_access.ts";
import { ADMIN, CLERK, LINK, READER, testHttp } from "./fake_service.ts";

const WRONG: Record<string, string> = {
  "a wrong token": "Bearer wrong",
  "an empty token": "Bearer ",
  "the token without a scheme": ADMIN,
  "another scheme": `Basic ${btoa(`admin:${ADMIN}`)}`,
  "another scheme with the token": `Token ${ADMIN}`,
  "part of the token": `Bearer ${ADMIN.slice(0, -1)}`,
  "the token with an additional character": `Bearer ${ADMIN}x`,
  "the token twice": `Bearer ${ADMIN}, Bearer ${ADMIN}`,
  "a token that is too long": "Bearer " + "x".repeat(100_000),
  "the text null, as if no read token were set": "Bearer null",
};

/** The secret of each kind of caller. */
const CALLERS = { read: READER, clerk: CLERK, admin: ADMIN, link: LINK };
type Callers = keyof typeof CALLERS;

/** The roles that may use each call, with `clerks_may_decide` on, as specified in docs/http.md. */
const ALLOWED: Record<string, readonly Callers[]> = {
  "GET /session": ["read", "clerk", "admin"],
  "POST /session": ["link"],
  "GET /status": ["read", "clerk", "admin"],
  "GET /metrics": ["read", "clerk", "admin"],
  "GET /doctor": ["admin"],
  "GET /settings": ["read", "clerk", "admin"],
  "PATCH /settings": ["admin"],
  "PUT /settings": ["admin"],
  "GET /settings/history": ["read", "clerk", "admin"],
  "POST /settings/test-mail": ["admin"],
  "GET /imports": ["read", "clerk", "admin"],
  "POST /imports": ["clerk", "admin"],
  "POST /imports/replay": ["admin"],
  "GET /days": ["read", "clerk", "admin"],
  "GET /imports/{id}": ["read", "clerk", "admin"],
  "GET /failures": ["clerk", "admin"],
  "GET /imports/{id}/failures": ["clerk", "admin"],
  "GET /imports/{id}/failed.csv": ["clerk", "admin"],
  "GET /imports/{id}/file": ["clerk", "admin"],
  "GET /imports/{id}/held": ["clerk", "admin"],
  "GET /imports/{id}/changes": ["clerk", "admin"],
  "GET /imports/{id}/changes.csv": ["clerk", "admin"],
  "GET /users": ["clerk", "admin"],
  "GET /users/{unique_id}": ["clerk", "admin"],
  "POST /users/{unique_id}/erase": ["admin"],
  "POST /imports/{id}/approve": ["clerk", "admin"],
  "POST /imports/{id}/discard": ["clerk", "admin"],
  "POST /imports/{id}/undo": ["clerk", "admin"],
  "POST /check": ["clerk", "admin"],
};

/** The methods that a call supports. GET includes HEAD. */
function methods({ method }: Call): string[] {
  return method === "GET" ? ["GET", "HEAD"] : [method];
}

async function ask({ app }: Http, method: string, path: string, headers: HeadersInit, address: string) {
  return await app.request(path, { method, headers }, { address });
}

Deno.test("Without a valid token, all calls that need a token give the same response", async () => {
  await using http = await testHttp();
  const before = await (await http.ask("GET", "/settings/history")).text();
  const refusals = new Set<string>();
  let asked = 0;
  for (const call of everyCall(http).filter(({ isOpen }) => !isOpen)) {
    const cases: [string, string, HeadersInit][] = [
      ["none", call.path, {}],
      ["a cookie", call.path, { cookie: `token=${ADMIN}; authorization=Bearer ${ADMIN}` }],
      ...["token", "access_token", "authorization"].map((name): [string, string, HeadersInit] => [
        `in the query as ${name}`,
        `${call.path}${call.path.includes("?") ? "&" : "?"}${name}=${ADMIN}`,
        {},
      ]),
      ...Object.entries(WRONG).map(([name, authorization]): [string, string, HeadersInit] => [name, call.path, {
        authorization,
      }]),
    ];
    for (const [name, path, headers] of cases) {
      for (const method of methods(call)) {
        // Each request comes from a different address so that none is refused because of earlier ones.
        const answer = await ask(http, method, path, headers, `198.51.100.${asked++}`);
        const what = `${method} ${call.template} with ${name}`;
        assert.equal(answer.status, 401, what);
        assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="rosterd"', what);
        assert.equal(answer.headers.get("set-cookie"), null, what);
        refusals.add(JSON.stringify([...answer.headers]) + await answer.text());
      }
    }
  }
  assert.equal(refusals.size, 2, "one for HEAD, which has no body, and one for the others");
  assert.equal(await (await http.ask("GET", "/settings/history")).text(), before);
  console.log(`${asked} requests without a valid token, ${refusals.size} different responses`);
});

Deno.test("The open calls respond with any token or without a token, and set no cookie", async () => {
  await using http = await testHttp();
  for (const call of everyCall(http).filter(({ isOpen }) => isOpen)) {
    for (const authorization of [undefined, ...Object.values(WRONG)]) {
      const headers = authorization === undefined ? undefined : { authorization };
      const answer = await http.app.request(call.path, { headers });
      assert.equal(answer.status, 200, nameOf(call));
      assert.equal(answer.headers.get("set-cookie"), null);
      await answer.body?.cancel();
    }
  }
});

Deno.test("Every call that needs a token is allowed for exactly its documented roles", async () => {
  await using http = await testHttp();
  await http.json("PATCH", "/settings", { clerks_may_decide: true });
  const calls = everyCall(http).filter(({ isOpen }) => !isOpen);
  assert.deepEqual(calls.map(nameOf).sort(), Object.keys(ALLOWED).sort(), "every call has its roles here");
  assert.deepEqual(Object.keys(REQUIRED_ACCESS).sort(), Object.keys(ALLOWED).sort(), "and in the table");
  let asked = 0;
  for (const call of calls) {
    for (const [who, token] of Object.entries(CALLERS)) {
      const isAllowed = ALLOWED[nameOf(call)].includes(who as Callers);
      for (const method of methods(call)) {
        // Each request has its own address so that a refused link does not block the next one.
        const address = `198.51.100.${asked++}`;
        const answer = await ask(http, method, call.path, { authorization: `Bearer ${token}` }, address);
        const what = `${method} ${call.template} by ${who}`;
        await answer.body?.cancel();
        if (isAllowed) assert.ok(answer.status < 300 || answer.status === 415, `${what}: ${answer.status}`);
        else assert.equal(answer.status, who === "link" ? 401 : 403, what);
      }
    }
  }
});

Deno.test("A clerk cannot decide while clerks_may_decide is off, and no refused call changes anything", async () => {
  await using http = await testHttp();
  const before = await (await http.ask("GET", "/settings")).text();
  for (const call of everyCall(http).filter(({ isOpen }) => !isOpen)) {
    const isDecision = call.template.startsWith("/imports/{id}/") && call.method === "POST";
    const isForbidden = isDecision || !ALLOWED[nameOf(call)].includes("clerk");
    const answer = await ask(http, call.method, call.path, { authorization: `Bearer ${CLERK}` }, "198.51.100.1");
    assert.equal(answer.status === 403, isForbidden, `${call.method} ${call.template}: ${answer.status}`);
    await answer.body?.cancel();
  }
  assert.equal(await (await http.ask("GET", "/settings")).text(), before);
});

Deno.test("OpenAPI lists the roles of every call", async () => {
  await using http = await testHttp();
  for (const call of everyCall(http).filter(({ isOpen }) => !isOpen)) {
    const { security } = http.openApi.document.paths[call.template][call.method.toLowerCase()];
    const roles = ALLOWED[nameOf(call)].filter((who) => who !== "link");
    assert.deepEqual(security, [{ token: roles }], nameOf(call));
  }
});

Deno.test("After ten wrong tokens in a minute, every call gets 429, but a valid token still works", async () => {
  let elapsed = 0;
  const clock = { now: () => new Date(), elapsed: () => elapsed };
  await using http = await testHttp({ options: { clock } });
  const calls = everyCall(http).filter(({ isOpen }) => !isOpen);
  const wrong = ({ method, path }: Call) => ask(http, method, path, { authorization: "Bearer wrong" }, "192.0.2.1");
  for (const call of calls.slice(0, 10)) assert.equal((await wrong(call)).status, 401);
  elapsed = 59_500;
  for (const call of calls) {
    const answer = await wrong(call);
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [429, "1"], nameOf(call));
    const right = await ask(http, "GET", "/status", { authorization: `Bearer ${ADMIN}` }, "192.0.2.1");
    assert.equal(right.status, 200);
    assert.equal((await ask(http, "GET", "/status", { authorization: `Bearer ${READER}` }, "192.0.2.1")).status, 200);
  }
});

Deno.test("The role read sees the number of users who wait to be archived, but not their names", async () => {
  await using http = await testHttp();
  for (const [token, users] of [[READER, 0], [CLERK, 1], [ADMIN, 1]] as const) {
    const { feeds } = await (await http.ask("GET", "/status", { headers: { authorization: `Bearer ${token}` } }))
      .json();
    assert.deepEqual([feeds[0].grace.waiting, feeds[0].grace.users.length], [2, users]);
  }
});
