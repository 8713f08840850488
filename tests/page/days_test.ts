/** The recent days on the overview: the last day as a sentence, and six weeks as a chart and a table. */
import assert from "node:assert/strict";
import { go } from "./browser.ts";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

pageTest(
  "The overview summarizes the last day, and each day of the chart links to its import",
  {},
  async (scene) => {
    await scene.service.import("yesterday.csv", roster(1, 10));
    await scene.service.import("today.csv", roster(1, 12, (number) => number === 1 ? { email: "wrong" } : {}));
    await scene.database.sql`update rosterd.imports set started_at = started_at - interval '24 hours' where id = 1`;
    const { page, assertQuiet } = await scene.admin();
    const news = page.getByRole("region", { name: "Today" });
    const sentence = await news.locator(".lead").innerText();
    assert.match(sentence, /^1 import, .+: 12 records, 2 new users, 1 record failed \(1 new\)\.$/);
    await news.getByText("The last six weeks as a table").click();
    const rows = await news.getByRole("table").getByRole("row").allInnerTexts();
    assert.deepEqual(rows.slice(1).map((row) => row.split("\t").slice(1)), [
      ["1", "12", "2", "0", "1", "0"],
      ["1", "10", "10", "0", "0", "0"],
    ]);
    const columns = news.locator("svg a");
    assert.equal(await columns.count(), 2);
    await columns.first().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "yesterday.csv", exact: true }).waitFor();
    assertQuiet();
  },
);

pageTest(
  "A file of which every record failed is red and said so in the overview, its strip, the history and the import",
  { settings: { feeds: { staff: {} } } },
  async ({ service, admin }) => {
    await service.import("staff/broken.csv", roster(1, 3, () => ({ email: "wrong" })));
    const { page, assertQuiet } = await admin();
    const bad = page.locator(".badge.bad");
    await page.locator("#news .lead").getByText("every record of 1 file failed").waitFor();
    assert.equal(await page.locator("svg a rect.strip-failed[height='3']").count(), 1);
    for (const name of ["Recent imports", "Feeds"]) {
      await page.getByRole("table", { name }).locator(".badge.bad", { hasText: "All records failed" }).waitFor();
    }
    await go(page, "#/imports", "Imports");
    await page.getByRole("table").locator(".badge.bad", { hasText: "All records failed" }).waitFor();
    await page.getByRole("link", { name: "broken.csv" }).click();
    await page.getByText("All records failed. No records were applied.").waitFor();
    assert.match(await bad.innerText(), /All records failed/);
    assertQuiet();
  },
);
