import assert from "node:assert/strict";
import { killWhilePacking } from "./pack_kills.ts";

Deno.test("a process killed at some changes while it packs leaves one whole roster, and the next one continues", async () => {
  assert.ok((await killWhilePacking(9, 4)).length > 3);
});
