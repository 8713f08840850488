/** Feeds on the page: side by side in the overview, and each with its own form. */
import assert from "node:assert/strict";
import { barriers, go } from "./browser.ts";
import { checkPage, choose } from "./check_page.ts";
import { pageTest } from "./page_test_case.ts";
import { MOODLE } from "./world.ts";

// deno-lint-ignore no-explicit-any
type Settings = any;

const FEEDS = { students: { expected_every_hours: 24, defaults: { login_source: "ldap" } }, staff: { apply: false } };

pageTest(
  "the overview shows feeds side by side: last file, next expected file, waiting files and trials",
  { settings: { feeds: FEEDS } },
  async ({ service, admin }) => {
    await service.import("students/x.csv", "unique_id,first_name\n1,Ada\n");
    await service.set({ feeds: { staff: { paused_until: "2999-01-01T00:00:00Z" } } });
    await service.drop("staff/y.csv", "unique_id,login_source\n2,ldap\n");
    await service.turn();
    const { page, assertQuiet } = await admin();
    const rows = page.getByRole("table", { name: "Feeds" }).getByRole("row");
    const [students, staff, root] = [rows.nth(1), rows.nth(2), rows.nth(3)];
    assert.match(await students.innerText(), /students\s+x\.csv[\s✓]*Done/);
    assert.match(await students.innerText(), /in (23|24) hours|in (1|a) day|tomorrow/);
    assert.match(await staff.innerText(), /Trial: checked, not applied/);
    assert.match(await staff.innerText(), /Paused until .*2999.*, 1 file waiting/s);
    assert.match(await root.innerText(), /Upload folder\s+none yet/);
    await page.getByRole("table", { name: "Recent imports" }).getByText("x.csv").waitFor();
    await students.getByRole("link", { name: "students" }).click();
    await page.getByRole("heading", { name: "Settings of students" }).waitFor();
    assertQuiet();
  },
);

pageTest(
  "the form of a feed shows, changes and removes the settings that the feed overrides",
  { settings: { feeds: FEEDS, date_format: "DD/MM/YYYY" } },
  async ({ service, admin }) => {
    const { page, assertQuiet } = await admin();
    await go(page, "#/feed/students", "Settings of students");
    const group = (name: string) => page.getByRole("group", { name });
    const same = (name: string) => group(name).getByRole("checkbox", { name: /^Same as all feeds/ });
    assert.equal(await same("Expect a roster every").isChecked(), false);
    assert.equal(await same("Date format").isChecked(), true);
    assert.match(await group("Date format").innerText(), /Same as all feeds \(DD\/MM\/YYYY\)/);
    assert.equal(await page.getByLabel("Mail server").count(), 0, "not a setting of a feed");

    await same("Date format").uncheck();
    await group("Date format").getByRole("combobox").selectOption("YYYYMMDD");
    await same("Expect a roster every").check();
    await page.getByText("2 unsaved changes").waitFor();
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    assert.deepEqual((await sent).postDataJSON(), {
      feeds: { students: { date_format: "YYYYMMDD", expected_every_hours: null } },
    });
    const { feeds } = await service.get<Settings>("/settings");
    assert.deepEqual(feeds.students, { defaults: { login_source: "ldap" }, date_format: "YYYYMMDD" });

    await same("Archive guard: number always allowed").uncheck();
    await group("Archive guard: number always allowed").getByRole("textbox").fill("many");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Must be a whole number.").waitFor();
    assert.deepEqual(await barriers(page), []);
    assertQuiet(422);
  },
);

pageTest(
  "feeds are added, ordered and removed on the page",
  { settings: { feeds: FEEDS } },
  async ({ service, admin }) => {
    const names = async () => Object.keys((await service.get<Settings>("/settings")).feeds);
    const { page, assertQuiet } = await admin();
    await go(page, "#/settings", "Settings");
    await page.getByText("Add a feed").click();
    await page.getByLabel("Name of the folder:").fill("guests");
    await page.getByRole("button", { name: "Add feed" }).click();
    await page.getByRole("heading", { name: "Settings of guests" }).waitFor();
    assert.deepEqual(await names(), ["students", "staff", "guests"]);

    await page.getByRole("button", { name: "Move up" }).click();
    await page.getByRole("heading", { name: "Settings", exact: true }).waitFor();
    assert.deepEqual(await names(), ["students", "guests", "staff"]);

    await page.getByRole("navigation", { name: "Feeds" }).getByRole("link", { name: "guests" }).click();
    await page.getByRole("button", { name: "Remove this feed" }).click();
    await page.getByRole("button", { name: "Remove the feed" }).click();
    await page.getByRole("heading", { name: "Settings", exact: true }).waitFor();
    assert.deepEqual(await names(), ["students", "staff"]);
    assertQuiet();
  },
);

pageTest(
  "a sample is checked as a file of a feed, and the proposal changes the settings of that feed",
  { settings: { feeds: FEEDS } },
  async (scene) => {
    const { page, assertQuiet } = await checkPage(scene);
    await page.getByLabel("Check the file for").selectOption("students");
    await choose(page, "moodle.csv", MOODLE);
    await page.getByRole("heading", { name: "Set up this export" }).waitFor();
    await page.getByRole("button", { name: "Apply and check again" }).click();
    await page.getByText("2 users would change. No data was changed.").waitFor();
    const { feeds, header_aliases } = await scene.service.get<Settings>("/settings");
    assert.deepEqual(header_aliases, {});
    assert.deepEqual(feeds.students.header_aliases, {
      idnumber: "unique_id",
      auth: "login_source",
      suspended: "active",
    });
    assertQuiet();
  },
);
