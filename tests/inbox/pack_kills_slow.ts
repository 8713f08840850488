/** Kills a process before and after every change that it makes while packing an upload. */
import assert from "node:assert/strict";
import { survived } from "../faults/verdict.ts";
import { killWhilePacking } from "./pack_kills.ts";

Deno.test("a process killed at any change while it packs leaves one whole roster, and the next one continues", async () => {
  const interrupted = await killWhilePacking(1, 1);
  for (const step of [/write$/, /chmod/, /utimes/, /rename x\.csv$/, /link x\./]) {
    assert.ok(interrupted.some((where) => step.test(where)), `${step}: ${interrupted}`);
  }
  const count = interrupted.length;
  survived({
    fault: "killed at every change while a roster is packed",
    injected: count,
    kills: count,
    checks: 4 * count,
  });
});
