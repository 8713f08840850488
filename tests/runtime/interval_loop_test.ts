/** The service's loop runs one job at a time, starts a job immediately when triggered, and shuts down cleanly. */
import assert from "node:assert/strict";
import { systemClock } from "../../src/runtime/clock.ts";
import { IntervalLoop } from "../../src/runtime/interval_loop.ts";

/** Work that continues until the test ends it. */
function held() {
  const runs: PromiseWithResolvers<void>[] = [];
  let begun = Promise.withResolvers<void>();
  return {
    runs,
    work: () => {
      const run = Promise.withResolvers<void>();
      runs.push(run);
      begun.resolve();
      begun = Promise.withResolvers();
      return run.promise;
    },
    nextBegin: () => begun.promise,
  };
}

function every(work: () => Promise<void>, interval: () => number = () => 1e9) {
  const errors: unknown[] = [];
  return {
    loop: new IntervalLoop({ clock: systemClock, interval, work, onError: (error) => errors.push(error) }),
    errors,
  };
}

Deno.test("the work runs once at the start, and again on request", async () => {
  const stop = new AbortController();
  const { work, runs } = held();
  const { loop } = every(work);
  const ended = loop.run(stop.signal);
  assert.equal(runs.length, 1);
  runs[0].resolve();
  const asked = loop.trigger();
  await untilRuns(runs, 2);
  runs[1].resolve();
  await asked;
  stop.abort();
  await ended;
  assert.equal(runs.length, 2);
});

Deno.test("a request during a run waits for the next run, and two runs never overlap", async () => {
  const stop = new AbortController();
  const { work, runs } = held();
  const { loop } = every(work);
  const ended = loop.run(stop.signal);
  let over = false;
  const asked = loop.trigger().then(() => over = true);
  assert.equal(runs.length, 1);
  runs[0].resolve();
  await untilRuns(runs, 2);
  assert.equal(over, false);
  runs[1].resolve();
  await asked;
  stop.abort();
  await ended;
});

Deno.test("a shorter interval takes effect at once", async () => {
  const stop = new AbortController();
  const { work, runs, nextBegin } = held();
  let interval = 1e9;
  const { loop } = every(work, () => interval);
  const ended = loop.run(stop.signal);
  runs[0].resolve();
  await Promise.resolve();
  const begun = nextBegin();
  interval = 1;
  await new Promise((resolve) => setTimeout(resolve, 0));
  loop.reschedule();
  await begun;
  runs[1].resolve();
  interval = 1e9;
  stop.abort();
  await ended;
});

Deno.test("an error is reported and the loop continues", async () => {
  const stop = new AbortController();
  let runs = 0;
  const { loop, errors } = every(() => ++runs === 1 ? Promise.reject(new Error("once")) : Promise.resolve());
  const ended = loop.run(stop.signal);
  await loop.trigger();
  stop.abort();
  await ended;
  assert.deepEqual([errors.length, runs], [1, 2]);
});

Deno.test("after an abort, the loop ends with its current run", async () => {
  const stop = new AbortController();
  const { work, runs } = held();
  const { loop } = every(work);
  let over = false;
  const ended = loop.run(stop.signal).then(() => over = true);
  stop.abort();
  await new Promise((resolve) => setTimeout(resolve, 0));
  assert.equal(over, false);
  runs[0].resolve();
  await ended;
});

async function untilRuns(runs: readonly unknown[], count: number): Promise<void> {
  while (runs.length < count) await new Promise((resolve) => setTimeout(resolve, 0));
}
