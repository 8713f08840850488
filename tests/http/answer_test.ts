import assert from "node:assert/strict";
import { Busy } from "../../src/http/service.ts";
import { createLog } from "../../src/runtime/log.ts";
import { testHttp } from "./fake_service.ts";

Deno.test("The response to an unexpected error has only an id, and the log has the id without the error's message", async () => {
  let lines = "";
  const log = createLog({ level: "debug", format: "json", now: () => new Date(), write: (line) => lines += line });
  const status = () => Promise.reject(Object.assign(new TypeError("user geheim@example.org"), { code: "22021" }));
  await using http = await testHttp({ service: { status }, options: { log } });
  const answer = await http.ask("GET", "/status");
  assert.equal(answer.status, 500);
  const { id, ...problem } = await answer.json();
  assert.deepEqual(Object.keys(problem), ["type", "title", "status", "detail"]);
  const logged = JSON.parse(lines);
  assert.deepEqual([logged.event, logged.id, logged.error, logged.code], [
    "http.unexpected_error",
    id,
    "TypeError",
    "22021",
  ]);
  assert.match(logged.at, /^at .*answer_test/);
  assert.doesNotMatch(lines + JSON.stringify(problem), /geheim/);
});

Deno.test("While the embedded database is busy or the service is stopping, responses include a time to retry", async () => {
  for (const [error, seconds] of [[new Busy(7), "7"], [new DOMException("stop", "AbortError"), "5"]] as const) {
    await using http = await testHttp({ service: { status: () => Promise.reject(error) } });
    const answer = await http.ask("GET", "/status");
    assert.deepEqual([answer.status, answer.headers.get("retry-after")], [503, seconds]);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
  }
});

Deno.test("A client that disconnects is not logged as an error", async () => {
  let lines = "";
  const log = createLog({ level: "debug", format: "json", now: () => new Date(), write: (line) => lines += line });
  const client = new AbortController();
  const turn = (_wait: boolean, signal: AbortSignal) => {
    client.abort();
    return Promise.reject(signal.reason);
  };
  await using http = await testHttp({ service: { turn }, options: { log } });
  assert.equal((await http.ask("POST", "/imports?wait=true", { signal: client.signal })).status, 499);
  assert.equal(lines, "");
});

Deno.test("An unknown path gets 404, and a wrong method gets 405 with the allowed methods", async () => {
  await using http = await testHttp();
  const nowhere = await http.ask("GET", "/nowhere");
  assert.deepEqual([nowhere.status, (await nowhere.json()).title], [404, "Not Found"]);
  for (
    const [method, path, allow] of [
      ["DELETE", "/settings", "GET, HEAD, PUT, PATCH"],
      ["PUT", "/imports", "GET, HEAD, POST"],
      ["POST", "/imports/1", "GET, HEAD"],
      ["GET", "/check", "POST"],
    ]
  ) {
    const answer = await http.ask(method, path);
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, allow]);
  }
});

Deno.test("Health and readiness need no token, and a service that is not ready responds with 503 and the reasons", async () => {
  await using ready = await testHttp();
  assert.deepEqual(await (await ready.app.request("/healthz")).json(), { alive: true });
  assert.deepEqual(await (await ready.app.request("/readyz")).json(), { ready: true, problems: [] });

  const problems = [{ code: "database_away", text: "the database cannot be reached" }];
  await using away = await testHttp({ service: { readiness: () => Promise.resolve({ ready: false, problems }) } });
  assert.equal((await away.app.request("/healthz")).status, 200);
  const answer = await away.app.request("/readyz");
  assert.deepEqual([answer.status, (await answer.json()).problems], [503, problems]);
});

Deno.test("Every response has the security headers, even an error", async () => {
  await using http = await testHttp({ service: { status: () => Promise.reject(new Error("x")) } });
  const answers = [
    await http.app.request("/healthz"),
    await http.app.request("/settings"),
    await http.app.request("/settings", { headers: { host: "evil.example" } }),
    await http.ask("GET", "/settings"),
    await http.ask("GET", "/status"),
    await http.ask("GET", "/nowhere"),
    await http.ask("GET", "/imports/1/failed.csv"),
  ];
  assert.deepEqual(answers.map(({ status }) => status), [200, 401, 421, 200, 500, 404, 200]);
  for (const { headers } of answers) {
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.equal(headers.get("x-frame-options"), "DENY");
    assert.equal(headers.get("cache-control"), "no-store, no-transform");
    assert.equal(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
  }
});
