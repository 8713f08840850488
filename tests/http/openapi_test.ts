import assert from "node:assert/strict";
import type { z } from "@hono/zod-openapi";
import { problemDocument } from "../../src/http/schemas.ts";
import { testHttp } from "./fake_service.ts";

type Http = Awaited<ReturnType<typeof testHttp>>;
interface Call {
  method: string;
  path: string;
  isOpen: boolean;
}

async function calls({ app }: Http): Promise<Call[]> {
  const { paths } = await (await app.request("/openapi.json")).json();
  return Object.entries<Record<string, { security?: unknown[] }>>(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method.toUpperCase(),
      path: path.replace("{id}", "1"),
      isOpen: security?.length === 0,
    }))
  );
}

/** What makes each call a good one, where the path alone does not. */
async function goodRequest(http: Http, { method, path }: Call): Promise<Response> {
  if (method === "PATCH") return await http.json(method, path, { settle_seconds: 1 });
  if (method === "PUT") return await http.json(method, path, await (await http.ask("GET", path)).json());
  if (path === "/check") return await http.ask(method, "/check?name=x.csv", { body: "unique_id" });
  return await http.ask(method, path);
}

Deno.test("The OpenAPI document names every call of the contract that is built, and is 3.1", async () => {
  await using http = await testHttp();
  const document = await (await http.app.request("/openapi.json")).json();
  assert.equal(document.openapi, "3.1.0");
  assert.deepEqual((await calls(http)).map(({ method, path }) => `${method} ${path}`).sort(), [
    "GET /healthz",
    "GET /imports",
    "GET /imports/1",
    "GET /imports/1/failed.csv",
    "GET /imports/1/failures",
    "GET /imports/1/held",
    "GET /metrics",
    "GET /readyz",
    "GET /settings",
    "GET /settings/history",
    "GET /status",
    "PATCH /settings",
    "POST /check",
    "POST /imports",
    "POST /imports/1/approve",
    "POST /imports/1/discard",
    "POST /imports/1/undo",
    "POST /settings/test-mail",
    "PUT /settings",
  ]);
  const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g)!;
  for (const name of references) assert.ok(name.split("/").pop()! in document.components.schemas, name);
});

Deno.test("No call but the open ones answers without a token, or with a wrong one", async () => {
  await using http = await testHttp();
  for (const { method, path, isOpen } of await calls(http)) {
    const none = await http.app.request(path, { method });
    const wrong = await http.app.request(path, { method, headers: { authorization: "Bearer wrong" } });
    if (isOpen) assert.deepEqual([none.status, wrong.status], [200, 200], path);
    else assert.ok(none.status === 401 && [401, 429].includes(wrong.status), `${method} ${path}`);
  }
});

Deno.test("Real answers are what the document promises, good ones and bad ones", async () => {
  await using http = await testHttp();
  const definitions = http.app.openAPIRegistry.definitions.flatMap((each) => each.type === "route" ? [each.route] : []);
  let compared = 0;
  for (const call of await calls(http)) {
    const route = definitions.find(({ method, path }) =>
      method.toUpperCase() === call.method && path.replace("{id}", "1") === call.path
    )!;
    const answer = await goodRequest(http, call);
    assert.ok(answer.ok, `${call.method} ${call.path}: ${answer.status}`);
    const promised = route.responses[String(answer.status)] as { content: Record<string, { schema: z.ZodType }> };
    const schema = promised.content["application/json"]?.schema;
    const document = await answer.text();
    if (schema !== undefined && call.path !== "/check") {
      assert.deepEqual(schema.parse(JSON.parse(document)), JSON.parse(document));
      compared++;
    }
    const bad = await http.app.request(call.path, { method: call.method, headers: { host: "evil.example" } });
    problemDocument.strict().parse(await bad.json());
  }
  assert.equal(compared, 16);
});
