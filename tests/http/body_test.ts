import assert from "node:assert/strict";
import { testHttp } from "./fake_service.ts";

const JSON_TYPE = { "content-type": "application/json" };

/** An endless body without a length, which ends only when it is canceled. */
function endless(chunk: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array> {
  return new ReadableStream({ pull: (controller) => controller.enqueue(chunk) });
}

Deno.test("A body over 64 KiB is refused with 413, with or without a declared length", async () => {
  await using http = await testHttp();
  const body = JSON.stringify({ failed_import_email: "x".repeat(65_536) });
  const declared = await http.ask("PATCH", "/settings", {
    body,
    headers: { ...JSON_TYPE, "content-length": String(body.length) },
  });
  assert.equal(declared.status, 413);
  assert.equal(
    (await http.ask("PATCH", "/settings", { body: endless(new Uint8Array(1_000)), headers: JSON_TYPE })).status,
    413,
  );
  assert.equal((await http.ask("POST", "/imports", { body: endless(new Uint8Array(1_000)) })).status, 413);
});

Deno.test("The actual length of a body is limited, even if a shorter length is declared", async () => {
  await using http = await testHttp();
  const body = endless(new Uint8Array(1_000));
  assert.equal(
    (await http.ask("PATCH", "/settings", { body, headers: { ...JSON_TYPE, "content-length": "10" } })).status,
    413,
  );
});

Deno.test("A body that does not arrive in time is refused with 408", async () => {
  await using http = await testHttp({ options: { bodyTimeoutMs: 50 } });
  const stalled = () =>
    new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
  assert.equal((await http.ask("PATCH", "/settings", { body: stalled(), headers: JSON_TYPE })).status, 408);
  assert.equal((await http.ask("POST", "/check?name=x.csv", { body: stalled() })).status, 408);
});

Deno.test("Only JSON content types are accepted as JSON", async () => {
  await using http = await testHttp();
  for (
    const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/json",
      "",
    ]
  ) {
    const answer = await http.ask("PATCH", "/settings", { body: "{}", headers: { "content-type": type } });
    assert.equal(answer.status, 415, type);
  }
  const put = { body: "{}", headers: { "content-type": "application/merge-patch+json" } };
  assert.equal((await http.ask("PUT", "/settings", put)).status, 415);
});

Deno.test("A body that is not JSON is refused, and the response does not quote it", async () => {
  await using http = await testHttp();
  for (const body of ['{"smtp":{"password":"geheim"', "", "\xff", "nul", "{}{}"]) {
    const answer = await http.ask("PATCH", "/settings", { body, headers: JSON_TYPE });
    assert.equal(answer.status, 400);
    assert.doesNotMatch(await answer.text(), /geheim/);
  }
});

Deno.test("JSON with deep nesting, many keys or __proto__ is refused like other invalid settings", async () => {
  await using http = await testHttp();
  const bodies = [
    '{"a":'.repeat(10_000) + "1" + "}".repeat(10_000),
    '{"smtp":' + "[".repeat(30_000) + "]".repeat(30_000) + "}",
    `{${Array.from({ length: 7_000 }, (_, number) => `"${number}":1`).join()}}`,
    '{"__proto__":{"interval_minutes":9},"constructor":{"prototype":{"x":1}}}',
  ];
  for (const body of bodies) {
    const answer = await http.ask("PATCH", "/settings", { body, headers: JSON_TYPE });
    assert.equal(answer.status, 422, body.slice(0, 20));
    assert.ok((await answer.text()).length < 20_000);
  }
});

Deno.test("A GET with a body is refused", async () => {
  await using http = await testHttp();
  assert.equal((await http.ask("GET", "/status", { headers: { "content-length": "5" } })).status, 400);
  assert.equal((await http.ask("GET", "/status", { headers: { "transfer-encoding": "chunked" } })).status, 400);
});

Deno.test("A file to check may exceed 64 KiB but not 256 MiB, with or without a declared length", async () => {
  await using http = await testHttp();
  const chunk = new Uint8Array(1024 * 1024);
  const fine = await http.ask("POST", "/check?name=x.csv", { body: chunk });
  const { file, records } = await fine.json();
  assert.deepEqual([file, records], ["x.csv", chunk.length]);
  const headers = { "content-length": String(256 * 1024 * 1024 + 1) };
  assert.equal((await http.ask("POST", "/check?name=x.csv", { body: chunk, headers })).status, 413);
  const counted = async (_name: string, body: ReadableStream<Uint8Array>) => {
    let bytes = 0;
    for await (const piece of body) bytes += piece.length;
    throw new Error(`all ${bytes} bytes were read`);
  };
  await using counting = await testHttp({ service: { check: counted } });
  assert.equal((await counting.ask("POST", "/check?name=x.csv", { body: endless(chunk) })).status, 413);
});

Deno.test("A file to check must be the file itself, with a plain name", async () => {
  await using http = await testHttp();
  const form = { body: "x", headers: { "content-type": "multipart/form-data; boundary=x" } };
  assert.equal((await http.ask("POST", "/check?name=x.csv", form)).status, 415);
  for (
    const query of ["", "?name=", "?name=..%2Fx.csv", "?name=a%00b", `?name=${"x".repeat(256)}`, "?name=x.csv&nmae=y"]
  ) {
    assert.equal((await http.ask("POST", `/check${query}`, { body: "x" })).status, 422, query);
  }
  assert.equal((await http.ask("POST", "/check?name=%C3%A9%20%22x.csv", { body: "x" })).status, 200);
});
