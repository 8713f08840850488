/** An import's counts link to the users they cover. */
import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { go } from "./browser.ts";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

pageTest(
  "The counts of an import link to its users, with each value before and after, by outcome and as a file",
  { settings: { archive_inactive_users: true } },
  async ({ service, database, admin }) => {
    await service.import("autumn.csv", roster(1, 20));
    await database.sql`insert into rosterd.permits (permit_no, unique_id) values ('P501', 'u0002')`;
    await service.import("winter.csv", roster(1, 21, (number) => number === 2 ? { active: 0 } : { city: "Hull" }));
    const { page, assertQuiet } = await admin();
    await go(page, "#/imports/2", "winter.csv");
    await page.getByRole("link", { name: "1 archived: show the users" }).click();
    await page.getByRole("heading", { level: 1, name: "Changes made by import 2" }).waitFor();
    const rows = page.getByRole("table").getByRole("row");
    assert.equal(
      (await rows.nth(1).innerText()).replace(/\s+/g, " "),
      "u0002 archived active 1 to 0 permit P501 released",
    );

    await page.getByRole("navigation", { name: "Users by outcome" }).getByRole("link", { name: "Updated" }).click();
    await until("the updated users are there", async () => /^u0001/.test(await rows.nth(1).innerText()));
    assert.equal((await rows.nth(1).innerText()).replace(/\s+/g, " "), "u0001 updated city Ottawa to Hull");

    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download all as CSV" }).click(),
    ]);
    const text = await Deno.readTextFile(await download.path());
    assert.ok(text.includes("u0002,archived,permit_no,P501,\r\n"), text);

    await database.sql`update rosterd.imports set cleared_at = now() where id = 2`;
    await go(page, "#/imports/2", "winter.csv");
    await page.getByRole("link", { name: "1 created: show the users" }).click();
    await page.getByText("Older history was cleared.").waitFor();
    assertQuiet();
  },
);

pageTest("Every count of an import has a colour of its kind, also that of renamed users", {}, async (scene) => {
  await scene.service.import("autumn.csv", roster(1, 20));
  await scene.service.import("new-ids.csv", "unique_id,old_unique_id,login_source\nn1,u0001,ldap\n");
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/2", "new-ids.csv");
  const counts = page.locator("#counts");
  await counts.getByText("Renamed").waitFor();
  const colours = await page.evaluate<[string, string][]>(
    `[...document.querySelectorAll("#counts dt span")].map((dot) => [dot.className, getComputedStyle(dot).backgroundColor])`,
  );
  assert.deepEqual(colours.filter(([, colour]) => colour === "rgba(0, 0, 0, 0)"), []);
  assertQuiet();
});
