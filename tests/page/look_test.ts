import assert from "node:assert/strict";
import { TOKEN } from "../support/service.ts";
import { BROKEN_WORDS, TOO_WIDE, TYPE } from "./browser.ts";
import { everyView } from "./every_view.ts";
import { pageTest } from "./page_test_case.ts";
import { fullWorld } from "./world.ts";

pageTest(
  "On a screen that is 390 pixels wide, nothing scrolls sideways or is cut off, and no word is broken",
  { start: fullWorld },
  async (scene) => {
    const { page, assertQuiet } = await scene.tab({ viewport: { width: 390, height: 844 } });
    const type = new Set<string>();
    await everyView(page, async (view) => {
      assert.deepEqual(await page.evaluate<string[]>(TOO_WIDE), [], view);
      assert.deepEqual(await page.evaluate<string[]>(BROKEN_WORDS), [], view);
      for (const one of await page.evaluate<string[]>(TYPE)) type.add(one);
    });
    const [sizes, weights] = [/px$/, /^\d+$/].map((kind) => [...type].filter((one) => kind.test(one)));
    assert.ok(sizes.length <= 5, `sizes: ${sizes}`);
    assert.ok(weights.length <= 3, `weights: ${weights}`);
    assertQuiet(404, 422);
  },
);

pageTest(
  "With only the keyboard, a user can skip to the content, open an import and decide",
  { start: fullWorld },
  async (scene) => {
    const { page, assertQuiet } = await scene.tab();
    await page.keyboard.insertText(TOKEN);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Recent imports" }).waitFor();
    const focused = () => page.evaluate<string>("document.activeElement.textContent.trim()");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to content");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "Overview");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Scan folder now");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Review and decide");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "125 users are held for review" }).waitFor();
    assert.equal(await focused(), "students-2027-01.csv");
    // The next element to receive focus comes after the counts, which link to the users.
    for (let tabs = 0; tabs < 10 && await focused() !== "Approve…"; tabs++) await page.keyboard.press("Tab");
    assert.equal(await focused(), "Approve…");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert.equal(outline, "solid");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(await focused(), "Cancel");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "Approve…");
    assertQuiet();
  },
);

pageTest(
  "A hidden tab sends no requests, and polls at once when it becomes visible",
  {},
  async (scene) => {
    const { page, assertQuiet } = await scene.admin();
    await page.getByRole("heading", { name: "Recent imports" }).waitFor();
    let asked = 0;
    page.on("request", (request) => asked += request.url().endsWith("/status") ? 1 : 0);
    const hide = (hidden: boolean) =>
      page.evaluate(`
        Object.defineProperty(document, "hidden", { value: ${hidden}, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      `);
    await hide(true);
    await page.clock.install();
    await page.clock.runFor(60_000);
    assert.equal(asked, 0);
    await Promise.all([page.waitForRequest((request) => request.url().endsWith("/status")), hide(false)]);
    assertQuiet();
  },
);
