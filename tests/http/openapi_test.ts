/** `/openapi.json` describes every call. `tests/support/openapi.ts` validates every response against it. */
import assert from "node:assert/strict";
import { everyCall, goodRequest, nameOf } from "./every_call.ts";
import { testHttp } from "./fake_service.ts";

/** All calls (docs/http.md#calls). */
const CALLS = [
  "GET /",
  "GET /assets/{name}",
  "GET /days",
  "GET /doctor",
  "GET /failures",
  "GET /healthz",
  "GET /imports",
  "GET /imports/{id}",
  "GET /imports/{id}/changes",
  "GET /imports/{id}/changes.csv",
  "GET /imports/{id}/failed.csv",
  "GET /imports/{id}/failures",
  "GET /imports/{id}/file",
  "GET /imports/{id}/held",
  "GET /metrics",
  "GET /openapi.json",
  "GET /readyz",
  "GET /session",
  "GET /settings",
  "GET /settings/history",
  "GET /status",
  "GET /users",
  "GET /users/{unique_id}",
  "PATCH /settings",
  "POST /check",
  "POST /imports",
  "POST /imports/replay",
  "POST /imports/{id}/approve",
  "POST /imports/{id}/discard",
  "POST /imports/{id}/undo",
  "POST /session",
  "POST /settings/test-mail",
  "POST /users/{unique_id}/erase",
  "PUT /settings",
];

Deno.test("The document is OpenAPI 3.1 and describes exactly the calls that exist", async () => {
  await using http = await testHttp();
  const document = await (await http.app.request("/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual(everyCall(http).map(nameOf).sort(), CALLS);
  const registered = http.app.routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual([...new Set(registered)].sort(), CALLS);
});

Deno.test("Every reference in the document resolves, and only the open calls need no token", async () => {
  await using http = await testHttp();
  const document = await (await http.app.request("/openapi.json")).json();
  const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g)!;
  for (const name of references) assert.ok(name.split("/").pop()! in document.components.schemas, name);
  assert.deepEqual(everyCall(http).filter(({ isOpen }) => isOpen).map(nameOf).sort(), [
    "GET /",
    "GET /assets/{name}",
    "GET /healthz",
    "GET /openapi.json",
    "GET /readyz",
  ]);
});

Deno.test("The response to a valid request of each call matches the document", async () => {
  await using http = await testHttp();
  for (const call of everyCall(http)) {
    const answer = await goodRequest(http, call);
    assert.ok(answer.ok, `${nameOf(call)}: ${answer.status}`);
    await answer.body?.cancel();
  }
  assert.ok(http.openApi.answers >= CALLS.length);
});

Deno.test("A response that the document does not describe is detected", async () => {
  await using http = await testHttp();
  const { openApi } = http;
  const json = (body: unknown, status = 200, type = "application/json") =>
    new Response(JSON.stringify(body), { status, headers: { "content-type": type } });
  const good = { alive: true };
  await openApi.hold("GET", "/healthz", json(good));
  for (
    const [path, answer] of [
      ["/healthz", json({ ...good, more: 1 })],
      ["/healthz", json({})],
      ["/healthz", json(good, 201)],
      ["/healthz", json(good, 200, "text/plain")],
      ["/healthz", json({ type: "about:blank", title: "x", status: 421, detail: "x" }, 421)],
      [
        "/healthz",
        json({ type: "about:blank", title: "x", status: 500, detail: "x" }, 421, "application/problem+json"),
      ],
      ["/nowhere", json(good)],
    ] as const
  ) {
    await assert.rejects(openApi.hold("GET", path, answer), assert.AssertionError);
  }
});
