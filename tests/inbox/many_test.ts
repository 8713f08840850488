import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { STARTED, withUploads } from "./upload_folder.ts";

const openHandles = () => [...Deno.readDirSync("/proc/self/fd")].length;

Deno.test("a scan of 10,000 files does not block the event loop", async (t) => {
  const tree = Object.fromEntries(Array.from({ length: 10_000 }, (_, file) => [`x${file}.csv`, "a\n"]));
  await withUploads(tree, async ({ inbox, clock }) => {
    let longestPause = 0;
    let before = performance.now();
    const pulse = setInterval(() => {
      longestPause = Math.max(longestPause, performance.now() - before);
      before = performance.now();
    }, 1);
    const times: string[] = [];
    const timed = async (what: string) => {
      const start = performance.now();
      const scan = await inbox.scan(30);
      const took = performance.now() - start;
      times.push(`${what} ${Math.round(took)} ms`);
      return scan;
    };
    assert.equal((await timed("first")).waiting.length, 10_000);
    clock.pass(30);
    assert.equal((await timed("settled, each opened once")).ready.length, 10_000);
    assert.equal((await timed("again")).ready.length, 10_000);
    clearInterval(pulse);
    console.log(`${t.name}: ${times.join(", ")}; longest pause of the event loop ${Math.round(longestPause)} ms`);
    assert.ok(longestPause < 1_000, `${longestPause} ms`);
  });
});

Deno.test("200 uploads leave no handle open", (t) =>
  withUploads({}, async ({ inbox, at }) => {
    const round = async (name: string) => {
      await writeFile(at(name), "a\n");
      const { ready: [upload] } = await inbox.scan(0);
      const claimed = (await inbox.claim(upload))!;
      const file = (await inbox.open(claimed))!;
      for await (const chunk of file.read()) assert.equal(chunk.length, 2);
      await file.close();
      await inbox.keepFailed(claimed, STARTED, (sink) => sink(new Uint8Array(10)));
      await inbox.moveToBak(claimed, STARTED);
      await inbox.forget(claimed);
    };
    await round("first.csv");
    const before = openHandles();
    const start = performance.now();
    for (let rounds = 0; rounds < 200; rounds++) await round(`x${rounds}.csv`);
    console.log(`${t.name}: ${((performance.now() - start) / 200).toFixed(2)} ms each`);
    assert.equal(openHandles(), before);
  }));
