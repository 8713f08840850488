/** Finds a person on the page, and the imports that led to their current state. */
import assert from "node:assert/strict";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

pageTest(
  "A search finds a person, whose view has state, permits and a time line with files, decisions and undo",
  { settings: { archive_inactive_users: true, archive_guard: { max_percent: 1, min_users: 0 } } },
  async ({ service, database, admin }) => {
    await service.import("autumn.csv", roster(1, 20));
    await database.sql`insert into rosterd.permits (permit_no, unique_id) values ('P501', 'u0002')`;
    await service.import("nightly.csv", roster(1, 20, (number) => number === 2 ? { active: 0 } : {}));
    await service.fetch("/imports/2/approve", { method: "POST" });
    await service.fetch("/imports/2/undo", { method: "POST" });
    const { page, assertQuiet } = await admin();
    await page.getByLabel("Find a person").fill("NUMBER 2");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Users: NUMBER 2" }).waitFor();
    await page.getByRole("link", { name: "u0002" }).click();
    await page.getByRole("heading", { level: 1, name: "Person Number 2" }).waitFor();
    const items = page.locator(".time-line > li");
    const text = (await items.first().innerText()).replace(/\s+/g, " ");
    assert.match(
      text,
      /^\S.*, import 2, nightly\.csv: archived active 1 to 0 permit P501 released Approved by admin, .* Undone by admin, /,
    );
    assert.match(await items.nth(1).innerText(), /import 1, autumn\.csv: created/);
    assert.match(await page.locator("#permits").innerText(), /P501: active/);
    assertQuiet();
  },
);

pageTest(
  "An admin can erase a person without access, and sees the files that may still name the person; a clerk cannot",
  { settings: { archive_inactive_users: true, archive_guard: { max_percent: 100, min_users: 0 } } },
  async ({ service, admin }) => {
    await service.import("autumn.csv", roster(1, 20));
    await service.import("nightly.csv", roster(1, 20, (number) => number === 2 ? { active: 0 } : {}));
    const { page, assertQuiet } = await admin();
    await page.goto(`${service.url}/#/users/u0001`);
    await page.getByText("Only users without access can be erased.").waitFor();
    await page.goto(`${service.url}/#/users/u0002`);
    await page.getByRole("button", { name: "Erase this person…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Erase this person" }).click();
    await page.getByRole("heading", { level: 1, name: "Person erased" }).waitFor();
    const text = await page.locator("main").innerText();
    assert.match(text, /2 files in bak may still name this person/);
    assert.match(text, /bak\/nightly\.\S+\.csv/);
    assert.equal((await service.fetch("/users/u0002")).status, 404);
    assert.doesNotMatch(page.url(), /u0002/);
    assertQuiet();
  },
);

pageTest(
  "The overview lists the people who wait to be archived, and the view of a person shows since when",
  {
    settings: {
      archive_inactive_users: true,
      release_permits_after_days: 30,
      archive_guard: { max_percent: 100, min_users: 0 },
    },
  },
  async ({ service, admin }) => {
    await service.import("autumn.csv", roster(1, 20));
    await service.import("nightly.csv", roster(1, 20, (number) => number < 3 ? { active: 0 } : {}));
    const { page, assertQuiet } = await admin();
    await page.getByRole("heading", { name: "Waiting to be archived" }).waitFor();
    await page.getByText("2 users are disabled and keep their permits for now.").waitFor();
    await page.getByText("Show the users").click();
    await page.getByRole("link", { name: "u0002" }).click();
    await page.getByText(/since .*, and waiting to be archived/).waitFor();
    await page.goto(`${service.url}/#/imports/2`);
    await page.getByText(/2 users are disabled; the first file after 30 days will archive them/).waitFor();
    assertQuiet();
  },
);
