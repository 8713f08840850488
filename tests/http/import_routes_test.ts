import assert from "node:assert/strict";
import { gunzipSync, gzipSync } from "node:zlib";
import { CHANGE, CHANGES_FILE, entry, FAILED_FILE, FAILURE, testHttp } from "./fake_service.ts";

Deno.test("The history is listed newest first, in pages and by status", async () => {
  await using http = await testHttp();
  const ask = async (query: string) => {
    const { imports, next } = await (await http.ask("GET", `/imports${query}`)).json();
    return [imports.map(({ id }: { id: number }) => id), next];
  };
  assert.deepEqual(await ask(""), [[2, 1], null]);
  assert.deepEqual(await ask("?limit=1"), [[2], 2]);
  assert.deepEqual(await ask("?limit=1&before=2"), [[1], null]);
  assert.deepEqual(await ask("?status=failed_records"), [[1], null]);
});

for (
  const query of ["limit=0", "limit=201", "limit=x", "limit=1.5", "limit=", "before=0", "status=fine", "stauts=done"]
) {
  Deno.test(`GET /imports?${query} is refused with the parameter named`, async () => {
    await using http = await testHttp();
    const answer = await http.ask("GET", `/imports?${query}`);
    assert.equal(answer.status, 422);
    assert.deepEqual((await answer.json()).errors.map(({ key }: { key: string }) => key), [query.split("=")[0]]);
  });
}

Deno.test("An import is shown in full, an unknown import gets 404, and an invalid id gets 422", async () => {
  await using http = await testHttp();
  assert.deepEqual(await (await http.ask("GET", "/imports/2")).json(), entry(2));
  for (const path of ["/imports/9", "/imports/9/failures", "/imports/9/failed.csv"]) {
    assert.equal((await http.ask("GET", path)).status, 404);
  }
  for (const id of ["x", "0", "-1", "1.5", "99999999999999999999"]) {
    assert.equal((await http.ask("GET", `/imports/${id}`)).status, 422, id);
  }
});

Deno.test("Failures are listed with their problems", async () => {
  await using http = await testHttp();
  assert.deepEqual(await (await http.ask("GET", "/imports/1/failures")).json(), { failures: [FAILURE], next: null });
  assert.equal((await http.ask("GET", "/imports/1/failures?limit=1001")).status, 422);
});

Deno.test("Failed records can be downloaded, whatever the name of their file", async () => {
  await using http = await testHttp();
  const answer = await http.ask("GET", "/imports/1/failed.csv");
  assert.equal(await answer.text(), FAILED_FILE);
  assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
  assert.equal(answer.headers.get("content-length"), String(FAILED_FILE.length));
  assert.equal(
    answer.headers.get("content-disposition"),
    `attachment; filename="_ _1_.failed.csv"; filename*=UTF-8''%C3%A9%20%221%22.failed.csv`,
  );
});

Deno.test("The response for missing failed records says why they are missing", async () => {
  await using http = await testHttp();
  const answer = await http.ask("GET", "/imports/2/failed.csv");
  assert.deepEqual([answer.status, (await answer.json()).detail], [410, "nothing failed in this import"]);
});

Deno.test("The file of an import can be downloaded, or the response says why it is missing", async () => {
  await using http = await testHttp();
  const answer = await http.ask("GET", "/imports/1/file");
  assert.equal(await answer.text(), FAILED_FILE);
  assert.equal(answer.headers.get("content-type"), "application/octet-stream");
  assert.match(answer.headers.get("content-disposition")!, /^attachment; filename="students\.csv"/);
  const missing = await http.ask("GET", "/imports/2/file");
  assert.deepEqual([missing.status, (await missing.json()).detail], [
    410,
    "the file of this import is no longer in bak",
  ]);
});

Deno.test("A file that was packed is downloaded under its own name: in gzip if the client accepts it, or unpacked", async () => {
  await using http = await testHttp();
  const ask = async (...codings: string[]) => {
    const headers = codings.map((coding): [string, string] => ["accept-encoding", coding]);
    const answer = await http.ask("GET", "/imports/3/file", { headers: Object.fromEntries(headers) });
    assert.match(answer.headers.get("content-disposition")!, /^attachment; filename="students\.csv";/);
    assert.equal(answer.headers.get("vary"), "accept-encoding");
    return answer;
  };
  const length = String(gzipSync(FAILED_FILE).length);
  for (const coding of ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.5", "identity;q=0, *"]) {
    const packed = await ask(coding);
    assert.deepEqual([packed.headers.get("content-encoding"), packed.headers.get("content-length")], ["gzip", length]);
    assert.equal(gunzipSync(await packed.bytes()).toString(), FAILED_FILE, coding);
  }
  for (const codings of [[], ["identity"], ["br, deflate"], ["gzip;q=0, *"], ["*;q=0"]]) {
    const unpacked = await ask(...codings);
    const { headers } = unpacked;
    assert.deepEqual([headers.get("content-encoding"), headers.get("content-length")], [null, null], codings[0]);
    assert.equal(await unpacked.text(), FAILED_FILE, codings[0]);
  }
});

Deno.test("A request for a scan gets 202, or 200 if the client waits for the scan", async () => {
  await using http = await testHttp();
  const asked = await http.ask("POST", "/imports");
  assert.deepEqual([asked.status, await asked.json()], [202, { imports: [] }]);
  const waited = await http.ask("POST", "/imports?wait=true");
  assert.deepEqual([waited.status, await waited.json()], [200, { imports: [entry(2)] }]);
  assert.equal((await http.ask("POST", "/imports?wait=yes")).status, 422);
});

Deno.test("Changes can be listed and downloaded, and HEAD does not create the file", async () => {
  await using http = await testHttp();
  const page = await (await http.ask("GET", "/imports/1/changes")).json();
  assert.deepEqual(page, { changes: [CHANGE], cleared_at: null, next: null });
  assert.equal((await http.ask("GET", "/imports/1/changes?outcome=gone")).status, 422);
  const file = await http.ask("GET", "/imports/1/changes.csv");
  assert.equal(await file.text(), CHANGES_FILE);
  assert.equal(file.headers.get("content-disposition")?.includes('"students.changes.csv"'), true);
  const head = await http.ask("HEAD", "/imports/1/changes.csv");
  assert.deepEqual([head.status, head.headers.get("content-length")], [200, null]);
  assert.equal((await http.ask("GET", "/imports/2/changes.csv")).status, 410);
});
