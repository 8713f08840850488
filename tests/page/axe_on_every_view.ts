/** Runs axe-core on every view. Each color scheme has its own test file to keep each run short. */
import assert from "node:assert/strict";
import { barriers } from "./browser.ts";
import { everyView } from "./every_view.ts";
import { pageTest } from "./page_test_case.ts";
import { fullWorld } from "./world.ts";

export function axeOnEveryView(colorScheme: "light" | "dark"): void {
  pageTest(`axe finds no serious barrier in any view, ${colorScheme}`, {
    start: fullWorld,
  }, async (scene) => {
    const { page, assertQuiet } = await scene.tab({ colorScheme });
    let looked = 0;
    await everyView(page, async (view) => {
      assert.deepEqual(await barriers(page), [], view);
      looked++;
    });
    assert.equal(looked, 17);
    assertQuiet(404, 422);
  });
}
