/** The history: a dense table with filters, totals and links to people. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { until } from "../support/until.ts";
import { go, hasFocus } from "./browser.ts";
import { addNights } from "./nights.ts";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

const rowsOf = (page: Page) => page.getByRole("table").getByRole("rowheader");

pageTest(
  "The history shows sixty nights on one screen, newest first, with the totals of what it shows, and older ones on request",
  {},
  async ({ database, admin }) => {
    await addNights(database, 70);
    const { page, assertQuiet } = await admin({ viewport: { width: 1280, height: 1440 } });
    await go(page, "#/imports", "Imports");
    const table = page.getByRole("table", { name: "Imports, newest first" });
    assert.deepEqual(
      await table.getByRole("columnheader").allInnerTexts(),
      ["Started", "File", "Status", "New", "Changed", "Archived", "Held", "Failed"],
    );
    const rows = await table.getByRole("row").allInnerTexts();
    assert.equal(rows.length, 62, "the headings, sixty nights and the totals");
    assert.match(rows[1], /^\w+,? \d+ \w+ \d+, 02:10\tstudents\.csv\t/);
    const counts = rows.slice(1, -1).map((row) => row.split("\t").slice(3).map(Number));
    const sum = (column: number) => counts.reduce((all, row) => all + (row[column] || 0), 0).toLocaleString("en-GB");
    assert.equal(rows.at(-1), ["60 imports", "", "", sum(0), sum(1), sum(2), "0", sum(4)].join("\t"));
    const { y, height } = (await table.boundingBox())!;
    assert.ok(y + height <= 1440, `the table ends at ${y + height}`);

    await page.getByRole("link", { name: "Older" }).click();
    await until("the second page is there", async () => await rowsOf(page).count() === 11);
    assert.match(page.url(), /#\/imports\?before=11$/);
    await page.getByRole("link", { name: "Newest" }).click();
    await until("the first page is back", async () => await rowsOf(page).count() === 61);
    assertQuiet();
  },
);

pageTest("The history is filtered by status, feed, file and days, each with an address, and the focus stays", {
  settings: { feeds: { staff: {} } },
}, async ({ service, database, admin }) => {
  await addNights(database, 70);
  await service.import("staff/people.csv", "unique_id,login_source\n1,ldap\n");
  const { page, assertQuiet } = await admin();
  await go(page, "#/imports", "Imports");
  const shown = (count: number) =>
    until(`${count} are shown`, async () => await rowsOf(page).count() === (count === 0 ? 0 : count + 1));
  await shown(60);
  await page.getByLabel("Status").focus();
  await page.getByLabel("Status").selectOption("rejected");
  await shown(3);
  assert.match(page.url(), /#\/imports\?status=rejected$/);
  assert.ok(await hasFocus(page.getByLabel("Status")));
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("From").fill(day(23));
  await page.getByLabel("To").fill(day(13));
  await shown(1);
  await page.getByLabel("File").fill("PEOPLE");
  await page.keyboard.press("Enter");
  await page.getByText("No imports match.").waitFor();
  await page.goBack();
  await shown(1);
  assert.equal(await page.getByLabel("File").inputValue(), "");
  await page.reload();
  await shown(1);
  await go(page, "#/imports", "Imports");
  await shown(60);
  await page.getByLabel("Feed").selectOption("staff");
  await shown(1);
  const [, row] = await page.getByRole("table").getByRole("row").allInnerTexts();
  assert.match(row, /\tpeople\.csv\tstaff\t/);
  await page.getByLabel("Feed").selectOption("Upload folder");
  await shown(60);
  assertQuiet();
});

pageTest("The counts of the history open the people behind them, and the file of an import is a link", {
  settings: { archive_inactive_users: true, archive_guard: { max_percent: 100, min_users: 0 } },
}, async ({ service, admin }) => {
  await service.import("autumn.csv", roster(1, 20));
  const wrong = { email: "wrong" }, gone = { active: 0 as const };
  const winter = roster(1, 21, (number) => number === 3 ? wrong : number < 3 ? gone : {});
  const { bak_file } = await service.import("winter.csv", winter);
  const { page, assertQuiet } = await admin();
  await go(page, "#/imports", "Imports");
  const row = page.getByRole("row", { name: /winter\.csv/ });
  await row.getByRole("link", { name: "2 archived: show them" }).click();
  await page.getByRole("heading", { level: 1, name: "Changes made by import 2" }).waitFor();
  assert.match(page.url(), /outcome=archived$/);
  await page.goBack();
  await row.getByRole("link", { name: "1 failed: show them" }).click();
  await page.getByRole("heading", { name: "1 failed record" }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: bak_file! }).click(),
  ]);
  assert.equal(download.suggestedFilename(), bak_file);
  assert.equal(await Deno.readTextFile(await download.path()), winter);

  const large = winter + `${"#".repeat(100)}\n`.repeat(11_000);
  const packed = await service.import("large.csv", large);
  assert.match(packed.bak_file!, /^large\..*\.csv\.gz$/);
  await go(page, `#/imports/${packed.id}`, "large.csv");
  const [unpacked] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: packed.bak_file! }).click(),
  ]);
  assert.equal(unpacked.suggestedFilename(), packed.bak_file!.replace(/\.gz$/, ""));
  assert.equal(await Deno.readTextFile(await unpacked.path()), large);
  assertQuiet();
});

pageTest("On a phone an import takes two lines", {}, async ({ database, admin }) => {
  await addNights(database, 40);
  const { page, assertQuiet } = await admin({ viewport: { width: 390, height: 844 } });
  await go(page, "#/imports?status=failed_records", "Imports");
  const rows = page.getByRole("table").locator("tbody tr");
  const heights = await rows.evaluateAll((all) =>
    (all as unknown as { offsetHeight: number }[]).map(({ offsetHeight }) => offsetHeight)
  );
  assert.ok(heights.length > 3);
  assert.deepEqual(heights.filter((height) => height > 64), []);
  assertQuiet();
});
