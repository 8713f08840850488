import assert from "node:assert/strict";
import { go, hasFocus } from "./browser.ts";
import { pageTest, type Scene } from "./page_test_case.ts";
import { roster } from "./world.ts";

const SETTINGS = { settings: { archive_inactive_users: true } };

/** 100 users, of whom the second import would archive 40; three of them have permits. */
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
  "Held archivings: who and why, a confirmation that says what will happen, and after approve what did",
  SETTINGS,
  async (scene) => {
    await held(scene);
    const { page, assertQuiet } = await scene.admin();
    await page.getByText("40 users are held by spring.csv").waitFor();
    await page.getByRole("link", { name: "Look and decide" }).click();
    await page.getByRole("heading", { name: "40 users are held" }).waitFor();
    await page.getByText('Why: of login source "ldap" 40 users would have lost access').waitFor();
    const users = page.getByRole("table", { name: "Held users, by unique_id" });
    assert.equal(await users.getByRole("row").count(), 41);
    assert.equal(
      await users.getByRole("row").nth(1).innerText(),
      "u0061\tPerson Number 61\tldap\tline 62\tarchived, 1 permit released",
    );

    await page.getByRole("button", { name: "Approve …" }).click();
    const dialog = page.getByRole("dialog", { name: "Approve what import 2 held?" });
    await dialog.getByText("40 users will be archived, and 3 active permits are released.").waitFor();
    assert.ok(await hasFocus(dialog.getByRole("button", { name: "Cancel" })));
    await page.keyboard.press("Escape");
    assert.equal(await activeUsers(scene), 100);

    // Somebody else sees to it that one of them is not archived.
    await scene.database.sql`update rosterd.users set active = false where unique_id = 'u0070'`;
    await page.getByRole("button", { name: "Approve …" }).click();
    await dialog.getByRole("button", { name: "Approve: 40 users lose access" }).click();
    await page.locator("main").getByText(/^Approved: \d+ users were archived.*3 permits were released\.$/).waitFor();
    await page.getByText("Held (approved)").waitFor();
    assert.equal(await page.getByRole("button", { name: "Approve …" }).count(), 0);
    assert.equal(await activeUsers(scene), 60);
    const came = page.locator("#decided > *");
    assert.ok(await hasFocus(came), "the keyboard goes on at what came of it");

    // The page follows what others do, and the keyboard stays.
    await (await scene.service.fetch("/imports/2/undo", { method: "POST" })).body?.cancel();
    await scene.service.import("next.csv", roster(1, 100));
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByText(/^Approved by admin on .*: users archived \d+, permits released 3/).waitFor();
    await page.getByText(/^Undone by admin on .*: users put back \d+, permits active again 3/).waitFor();
    assert.ok(await hasFocus(came), "the keyboard stays at what came of it");
    assertQuiet();
  },
);

pageTest("Discard lets everybody keep access, and says so before and after", SETTINGS, async (scene) => {
  await held(scene);
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/2", "spring.csv");
  await page.getByRole("button", { name: "Discard …" }).click();
  const dialog = page.getByRole("dialog", { name: "Discard what import 2 held?" });
  await dialog.getByText("40 users keep access and permits.").waitFor();
  await dialog.getByRole("button", { name: "Discard: 40 users keep access" }).click();
  await page.locator("main").getByText("Discarded: 40 users keep access.").waitFor();
  await page.getByText("Held (discarded)").waitFor();
  assert.equal(await activeUsers(scene), 100);
  await go(page, "#/", "Overview");
  await page.getByText("All is well").waitFor();
  assertQuiet();
});

pageTest("Undo says what goes back, does it, and lists what could not", SETTINGS, async (scene) => {
  const { service, database } = scene;
  await service.import("all.csv", roster(1, 50));
  await service.import("moved.csv", roster(1, 60, (number) => number <= 20 ? { city: "Hull" } : {}));
  await database.sql`update rosterd.users set city = 'Kingston' where unique_id = 'u0005'`;
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/1", "all.csv");
  await page.locator("#undo").getByText("Only the latest import can be undone").waitFor();
  await page.locator("#undo").getByRole("link", { name: "import 2" }).click();
  await page.getByRole("heading", { level: 1, name: "moved.csv" }).waitFor();
  await page.getByRole("button", { name: "Undo this import …" }).click();
  const dialog = page.getByRole("dialog", { name: "Undo import 2?" });
  await dialog.getByText("10 users it created will be archived").waitFor();
  await dialog.getByText("20 users it updated or reactivated will get their former values back").waitFor();
  await dialog.getByRole("button", { name: "Undo the import" }).click();
  await page.locator("main").getByText("Undone: 19 users were put back, 10 created users were archived.").waitFor();
  await page.getByText("1 user was left as they are:").waitFor();
  const left = page.getByRole("table", { name: /^Left as they are/ });
  assert.match(await left.getByRole("row").nth(1).innerText(), /^u0005\t.+/);
  await page.getByText(/^Undone by admin on .*: users put back 19, users archived 10, left as they are 1\.$/).waitFor();
  const cities = await database
    .sql`select city, count(*) as users from rosterd.users where unique_id <= 'u0020' group by city order by city`;
  assert.deepEqual(cities.map(({ city, users }) => [city, users]), [["Kingston", 1], ["Ottawa", 19]]);
  assertQuiet();
});

pageTest(
  "A decision that came too late is refused in words, and the page shows what somebody else decided",
  SETTINGS,
  async (scene) => {
    await held(scene);
    const { page, assertQuiet } = await scene.admin();
    await go(page, "#/imports/2", "spring.csv");
    await page.getByRole("button", { name: "Discard …" }).click();
    await (await scene.service.fetch("/imports/2/approve", { method: "POST" })).body?.cancel();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: /^Discard:/ }).click();
    await dialog.getByRole("alert").getByText("What this import held was approved already.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Held (approved)").waitFor();
    assert.equal(await activeUsers(scene), 60);
    assertQuiet(409);
  },
);
