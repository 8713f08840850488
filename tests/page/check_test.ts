import assert from "node:assert/strict";
import { checkPage, choose, drop } from "./check_page.ts";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

pageTest(
  "A dropped file shows the changes that an import would make, value by value, and nothing is written",
  {},
  async (scene) => {
    await scene.service.import("all.csv", roster(1, 10));
    const { page, assertQuiet } = await checkPage(scene);
    await drop(
      page,
      "new.csv",
      roster(8, 12, (number) => number === 8 ? { city: "Hull" } : number === 12 ? { email: "wrong" } : {}),
    );
    await page.getByRole("heading", { name: "new.csv" }).waitFor();
    await page.getByText("2 users would change. No data was changed.").waitFor();
    const failures = page.getByRole("table", { name: "Failed records, by line" });
    assert.match(await failures.getByRole("row").nth(1).innerText(), /^6\tu0012\temail\t9033\t.*wrong/);
    const changes = page.getByRole("table", { name: "Users who would change or be held, value by value" });
    const rows = (await changes.getByRole("row").allInnerTexts()).map((row) => row.replace(/\s+/g, " "));
    assert.ok(rows.includes("u0008 updated city Ottawa to Hull"), rows.join("\n"));
    assert.match(rows[2], /^u0011 created login_source ldap first_name Person .* city Ottawa /);
    await drop(page, "beside.csv", roster(1, 10), "header");
    await page.getByRole("heading", { name: "beside.csv" }).waitFor();
    const [{ users }] = await scene.database.sql`select count(*) as users from rosterd.users`;
    assert.equal(users, 10);
    assert.equal((await scene.service.get<{ imports: unknown[] }>("/imports")).imports.length, 1);
    assertQuiet();
  },
);

pageTest(
  "The reason why a file would be rejected is shown, and the next file replaces the result",
  {},
  async (scene) => {
    const { page, assertQuiet } = await checkPage(scene);
    await choose(page, "wrong.csv", "name,city\nAnna,Ottawa\n");
    await page.getByText("The file would be rejected.").waitFor();
    await page.getByText(/Reason: .*unique_id/).waitFor();
    await choose(page, "empty.csv", "");
    await page.getByRole("heading", { name: "empty.csv" }).waitFor();
    assert.equal(await page.getByText("wrong.csv").count(), 0);
    assertQuiet();
  },
);

pageTest("The sample roster can be downloaded, and is imported without failures", {}, async (scene) => {
  const { page, assertQuiet } = await checkPage(scene);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download a sample roster" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "sample-roster.csv");
  const { created, failed, warnings } = await scene.service.import(
    "sample.csv",
    await Deno.readTextFile(await download.path()),
  );
  assert.deepEqual([created, failed, warnings], [3, 0, []]);
  assertQuiet();
});
