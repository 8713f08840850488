/** Long work lets short work go first (`src/runtime/request_priority.ts`). */
import assert from "node:assert/strict";
import { RequestPriority } from "../../src/runtime/request_priority.ts";

/** Keeps the thread busy for longer than the system may go unasked. */
function work(): void {
  for (const end = performance.now() + 3; performance.now() < end;);
}

Deno.test("what comes in from outside is heard within a few breaths of long work", async () => {
  using courtesy = await RequestPriority.open();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port });
  using server = await listener.accept();
  for (let times = 0; times < 10; times++) {
    let heard = false;
    const hearing = server.read(new Uint8Array(1)).then(() => heard = true);
    work();
    await client.write(new Uint8Array(1));
    let breaths = 0;
    for (; !heard && breaths < 100; breaths++) {
      work();
      await courtesy.yieldToRequests();
    }
    await hearing;
    assert.ok(breaths <= 5, `heard after ${breaths} breaths`);
  }
});

Deno.test("long work waits until what is short is over", async () => {
  using courtesy = await RequestPriority.open();
  const over = courtesy.begin();
  let breathed = false;
  const breathing = courtesy.yieldToRequests().then(() => breathed = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(breathed, false);
  over();
  await breathing;
});

Deno.test("what is not short is not waited for, and what never ends neither", async () => {
  using courtesy = await RequestPriority.open();
  courtesy.begin();
  const begin = performance.now();
  for (let times = 0; times < 50; times++) await courtesy.yieldToRequests();
  assert.ok(performance.now() - begin < 1_000);
});

Deno.test("however much is short, half of the time is left for the long work", async () => {
  using courtesy = await RequestPriority.open();
  let waited = 0, worked = 0;
  for (let times = 0; times < 100; times++) {
    const over = courtesy.begin();
    setTimeout(over, 5);
    const begin = performance.now();
    await courtesy.yieldToRequests();
    const between = performance.now();
    work();
    waited += between - begin;
    worked += performance.now() - between;
    over();
  }
  assert.ok(worked > waited / 3, `worked ${worked} ms, waited ${waited} ms`);
});
