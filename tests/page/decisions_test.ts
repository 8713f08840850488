import assert from "node:assert/strict";
import { go, hasFocus } from "./browser.ts";
import { pageTest, type Scene } from "./page_test_case.ts";
import { roster } from "./world.ts";

const SETTINGS = { settings: { archive_inactive_users: true } };

/** Imports 100 users. A second import would archive 40 users, three of whom have permits. */
async function held({ service, database }: Scene): Promise<void> {
  await service.import("all.csv", roster(1, 100));
  await database
    .sql`insert into rosterd.permits (permit_no, unique_id) select 'P' || n, 'u00' || n from generate_series(61, 63) n`;
  await service.import(
    "spring.csv",
    roster(1, 100, (number) => number > 60 ? { active: 0 } : number > 55 ? { city: "Hull" } : {}),
  );
}

async function activeUsers({ database }: Scene): Promise<number> {
  const [{ active }] = await database.sql`select count(*) as active from rosterd.users where active`;
  return active;
}

pageTest(
  "Approve shows the held users and the reason, describes the effects, and then shows the result",
  SETTINGS,
  async (scene) => {
    await held(scene);
    const { page, assertQuiet } = await scene.admin();
    await page.getByText(
      "The import of spring.csv holds 40 users for review. These users keep access until you decide.",
    )
      .waitFor();
    await page.getByRole("link", { name: "Review and decide" }).click();
    await page.getByRole("heading", { name: "40 users are held for review" }).waitFor();
    const reasons = page.getByRole("table", { name: "Why: above both limits" }).getByRole("row");
    assert.deepEqual(await reasons.allInnerTexts(), [
      "Login source\tWould lose access\tActive users\tShare\tLimit",
      "ldap\t40\t100\t40%\t10% and 20 users",
    ]);
    const users = page.getByRole("table", { name: "Held users, by unique_id" });
    assert.equal(await users.getByRole("row").count(), 11);
    await page.getByRole("button", { name: "Show all 40 held users" }).click();
    assert.equal(await users.getByRole("row").count(), 41);
    assert.equal(
      await users.getByRole("row").nth(1).innerText(),
      "u0061\tPerson Number 61\tldap\tline 62\tarchived, 1 permit released",
    );

    await page.getByRole("button", { name: "Approve…" }).click();
    const dialog = page.getByRole("dialog", { name: "Approve the changes held by import 2?" });
    await dialog.getByText("40 users will be archived, and 3 active permits will be released.").waitFor();
    assert.ok(await hasFocus(dialog.getByRole("button", { name: "Cancel" })));
    await page.keyboard.press("Escape");
    assert.equal(await activeUsers(scene), 100);

    // Another program disables one of the held users, so an approval leaves this user out.
    await scene.database.sql`update rosterd.users set active = false where unique_id = 'u0070'`;
    await page.getByRole("button", { name: "Approve…" }).click();
    await dialog.getByRole("button", { name: "Approve: 40 users lose access" }).click();
    await page.locator("main").getByText(/^Approved: \d+ users were archived.*3 permits were released\.$/).waitFor();
    await page.getByText("Held (approved)").waitFor();
    assert.equal(await page.getByRole("button", { name: "Approve…" }).count(), 0);
    assert.equal(await activeUsers(scene), 60);
    const came = page.locator("#decided > *");
    assert.ok(await hasFocus(came), "the focus moves to the result");
    assert.match(await users.getByRole("row").nth(1).innerText(), /^u0061\t.*\tline 62\tarchived$/);

    // The page reflects changes made elsewhere, and the focus stays where it is.
    await (await scene.service.fetch("/imports/2/undo", { method: "POST" })).body?.cancel();
    await scene.service.import("next.csv", roster(1, 100));
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByText(/^Approved by admin on .*: \d+ users archived, 3 permits released/).waitFor();
    await page.getByText(/^Undone by admin on .*: \d+ users restored, 3 permits restored/).waitFor();
    assert.ok(await hasFocus(came), "the focus stays on the result");
    assertQuiet();
  },
);

pageTest("Discard says before and after the decision that all users keep access", SETTINGS, async (scene) => {
  await held(scene);
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/2", "spring.csv");
  await page.getByRole("button", { name: "Discard…" }).click();
  const dialog = page.getByRole("dialog", { name: "Discard the changes held by import 2?" });
  await dialog.getByText("40 users keep access and permits. The held changes are dropped.").waitFor();
  await dialog.getByRole("button", { name: "Discard: 40 users keep access" }).click();
  await page.locator("main").getByText("Discarded: 40 users keep access.").waitFor();
  await page.getByText("Held (discarded)").waitFor();
  assert.equal(await activeUsers(scene), 100);
  await go(page, "#/", "Overview");
  await page.getByText("Everything is working").waitFor();
  assertQuiet();
});

pageTest(
  "Undo describes the changes it will reverse, reverses them, and lists values that stay unchanged",
  SETTINGS,
  async (scene) => {
    const { service, database } = scene;
    await service.import("all.csv", roster(1, 50));
    await service.import("moved.csv", roster(1, 60, (number) => number <= 20 ? { city: "Hull" } : {}));
    await database.sql`update rosterd.users set city = 'Kingston' where unique_id = 'u0005'`;
    const { page, assertQuiet } = await scene.admin();
    await go(page, "#/imports/1", "all.csv");
    await page.locator("#undo").getByText("Only the latest import can be undone").waitFor();
    await page.locator("#undo").getByRole("link", { name: "import 2" }).click();
    await page.getByRole("heading", { level: 1, name: "moved.csv" }).waitFor();
    await page.getByRole("button", { name: "Undo this import…" }).click();
    const dialog = page.getByRole("dialog", { name: "Undo import 2?" });
    await dialog.getByText("10 users it created will be archived, and their permits released").waitFor();
    await dialog.getByText(
      "20 users it updated or reactivated will get their previous values back, except values changed since",
    ).waitFor();
    await dialog.getByRole("button", { name: "Undo import" }).click();
    await page.locator("main").getByText("Undone: 19 users were restored, 10 created users were archived.").waitFor();
    await page.getByText("1 user was left unchanged:").waitFor();
    const left = page.getByRole("table", { name: /^Users left unchanged, with reasons$/ });
    assert.match(await left.getByRole("row").nth(1).innerText(), /^u0005\t.+/);
    await page.getByText(/^Undone by admin on .*: 10 users archived, 19 users restored, 1 user left unchanged\.$/)
      .waitFor();
    const cities = await database
      .sql`select city, count(*) as users from rosterd.users where unique_id <= 'u0020' group by city order by city`;
    assert.deepEqual(cities.map(({ city, users }) => [city, users]), [["Kingston", 1], ["Ottawa", 19]]);
    assertQuiet();
  },
);

pageTest(
  "A late decision is refused with a reason, and the page shows the other admin's decision",
  SETTINGS,
  async (scene) => {
    await held(scene);
    const { page, assertQuiet } = await scene.admin();
    await go(page, "#/imports/2", "spring.csv");
    await page.getByRole("button", { name: "Discard…" }).click();
    await (await scene.service.fetch("/imports/2/approve", { method: "POST" })).body?.cancel();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Discard:/ }).click();
    await dialog.getByRole("alert").getByText("The hold on this import has already been approved.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Held (approved)").waitFor();
    assert.equal(await activeUsers(scene), 60);
    assertQuiet(409);
  },
);
