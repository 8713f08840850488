import assert from "node:assert/strict";
import { Busy } from "../../src/http/service.ts";
import { HELD, LEFT_OUT, testHttp } from "./fake_service.ts";

const DECISIONS = ["approve", "discard", "undo"] as const;

Deno.test("Held users are listed in pages, ordered by unique_id", async () => {
  await using http = await testHttp();
  const ask = async (path: string) => await (await http.ask("GET", path)).json();
  assert.deepEqual(await ask("/imports/1/held"), { columns: [], held: [HELD], next: null });
  assert.deepEqual(await ask("/imports/1/held?limit=1000&after=u%2F3"), { columns: [], held: [HELD], next: null });
  assert.deepEqual(await ask("/imports/1/held?after=u4"), { columns: [], held: [], next: null });
  assert.equal((await http.ask("GET", "/imports/9/held")).status, 404);
});

for (const query of ["limit=0", "limit=1001", "after=", "after=a%00b", `after=${"x".repeat(1001)}`, "before=u4"]) {
  Deno.test(`GET /imports/1/held?${query.slice(0, 20)} is refused with the parameter named`, async () => {
    await using http = await testHttp();
    const answer = await http.ask("GET", `/imports/1/held?${query}`);
    assert.equal(answer.status, 422);
    assert.deepEqual((await answer.json()).errors.map(({ key }: { key: string }) => key), [query.split("=")[0]]);
  });
}

Deno.test("A decision needs no body, and the response is its result", async () => {
  await using http = await testHttp();
  const approved = await http.ask("POST", "/imports/1/approve");
  assert.equal(approved.status, 200);
  assert.deepEqual(await approved.json(), { archived: 11, disabled: 0, permits_released: 9, ...LEFT_OUT });
  const discarded = await http.ask("POST", "/imports/1/discard", { body: "" });
  assert.deepEqual(await discarded.json(), { discarded: 12, left_out: [], left_out_total: 0 });
  const undone = await http.json("POST", "/imports/1/undo", {});
  assert.deepEqual((await undone.json()).permits_restored, 2);
});

Deno.test("An impossible decision gets 409, with the reason as text and as a code", async () => {
  await using http = await testHttp();
  for (const word of DECISIONS) {
    const answer = await http.ask("POST", `/imports/2/${word}`);
    assert.equal(answer.status, 409);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.deepEqual(await answer.json(), {
      type: "about:blank",
      title: "Conflict",
      status: 409,
      detail: "this import holds nobody",
      problems: [{ code: "nothing_held", text: "this import holds nobody" }],
    });
  }
});

Deno.test("A decision gets 404 for an unknown import, 422 for an invalid id, and 503 while the database is busy", async () => {
  const busy = () => Promise.reject(new Busy());
  await using http = await testHttp();
  await using away = await testHttp({ service: { decisions: { approve: busy, discard: busy, undo: busy } } });
  for (const word of DECISIONS) {
    assert.equal((await http.ask("POST", `/imports/9/${word}`)).status, 404, word);
    assert.equal((await http.ask("POST", `/imports/x/${word}`)).status, 422, word);
    const refused = await away.ask("POST", `/imports/1/${word}`);
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "5"], word);
  }
});

Deno.test("Decisions need POST", async () => {
  await using http = await testHttp();
  for (const word of DECISIONS) {
    const answer = await http.ask("GET", `/imports/1/${word}`);
    assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"], word);
  }
});
