/** Long-running work lets requests go first (`src/runtime/request_priority.ts`). */
import assert from "node:assert/strict";
import { RequestPriority } from "../../src/runtime/request_priority.ts";

/** Keeps the thread busy for longer than one poll interval. */
function work(): void {
  for (const end = performance.now() + 3; performance.now() < end;);
}

Deno.test("input from outside is read after a few yields of long work", async () => {
  using priority = await RequestPriority.open();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  using client = await Deno.connect({ hostname: "127.0.0.1", port: (listener.addr as Deno.NetAddr).port });
  using server = await listener.accept();
  for (let times = 0; times < 10; times++) {
    let isRead = false;
    const reading = server.read(new Uint8Array(1)).then(() => isRead = true);
    work();
    await client.write(new Uint8Array(1));
    let yields = 0;
    for (; !isRead && yields < 100; yields++) {
      work();
      await priority.yieldToRequests();
    }
    await reading;
    assert.ok(yields <= 5, `read after ${yields} yields`);
  }
});

Deno.test("long work waits for the end of a request", async () => {
  using priority = await RequestPriority.open();
  const end = priority.begin();
  let yielded = false;
  const yielding = priority.yieldToRequests().then(() => yielded = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal(yielded, false);
  end();
  await yielding;
});

Deno.test("long work does not wait for a request that takes too long or never ends", async () => {
  using priority = await RequestPriority.open();
  priority.begin();
  const begin = performance.now();
  for (let times = 0; times < 50; times++) await priority.yieldToRequests();
  assert.ok(performance.now() - begin < 1_000);
});

Deno.test("under any load, half of the time remains for the long work", async () => {
  using priority = await RequestPriority.open();
  let waited = 0, worked = 0;
  for (let times = 0; times < 100; times++) {
    const end = priority.begin();
    setTimeout(end, 5);
    const begin = performance.now();
    await priority.yieldToRequests();
    const between = performance.now();
    work();
    waited += between - begin;
    worked += performance.now() - between;
    end();
  }
  assert.ok(worked > waited / 3, `worked ${worked} ms, waited ${waited} ms`);
});
