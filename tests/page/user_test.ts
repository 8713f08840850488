/** Finding a person on the page, and why they are as they are. */
import assert from "node:assert/strict";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

pageTest(
  "A search finds a person, whose page has state, permits and a time line with files, decisions and undo",
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
