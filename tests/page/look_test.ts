import assert from "node:assert/strict";
import { TOKEN } from "../support/service.ts";
import { TOO_WIDE } from "./browser.ts";
import { everyView } from "./every_view.ts";
import { pageTest } from "./page_test_case.ts";
import { fullWorld } from "./world.ts";

pageTest(
  "On a screen of 390 points nothing has to be pushed sideways, and nothing is cut off",
  { start: fullWorld },
  async (scene) => {
    const { page, assertQuiet } = await scene.tab({ viewport: { width: 390, height: 844 } });
    await everyView(page, async (view) => {
      assert.deepEqual(await page.evaluate<string[]>(TOO_WIDE), [], view);
    });
    assertQuiet(404, 422);
  },
);

pageTest(
  "With the keyboard alone: skip to the content, go on at the heading, decide in a dialog",
  { start: fullWorld },
  async (scene) => {
    const { page, assertQuiet } = await scene.tab();
    await page.keyboard.insertText(TOKEN);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Last imports" }).waitFor();
    const focused = () => page.evaluate<string>("document.activeElement.textContent.trim()");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the content");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "Overview");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Look and decide");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "125 users are held" }).waitFor();
    assert.equal(await focused(), "students-2027-01.csv");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Approve …");
    const outline = await page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    assert.equal(outline, "solid");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    assert.equal(await focused(), "Cancel");
    await page.keyboard.press("Enter");
    assert.equal(await focused(), "Approve …");
    assertQuiet();
  },
);

pageTest(
  "A page that lies in the background asks nothing, and asks at once when it is looked at again",
  {},
  async (scene) => {
    const { page, assertQuiet } = await scene.admin();
    await page.getByRole("heading", { name: "Last imports" }).waitFor();
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
