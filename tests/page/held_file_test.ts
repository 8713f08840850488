/**
 * The page shows a file that the change guard holds, with examples for each column, and lets people decide about it.
 */
import assert from "node:assert/strict";
import { go } from "./browser.ts";
import { choose } from "./check_page.ts";
import { pageTest, type Scene } from "./page_test_case.ts";
import { roster } from "./world.ts";

const SETTINGS = { settings: { change_guard: { max_percent: 50, min_users: 5 } } };

const MOVED = roster(1, 12, () => ({ city: "Hull" }));

async function held({ service }: Scene): Promise<void> {
  await service.import("all.csv", roster(1, 12));
  await service.import("moved.csv", MOVED);
}

pageTest(
  "A held file is shown with its columns and examples, and an approval leads to the new import",
  SETTINGS,
  async (scene) => {
    await held(scene);
    const { page, assertQuiet } = await scene.admin();
    await page.getByText(
      "The file moved.csv is held as a whole for review. No records will be applied until you decide.",
    )
      .waitFor();
    await page.getByRole("link", { name: "Review and decide" }).click();
    await page.getByRole("heading", { name: "The file is held for review" }).waitFor();
    const reasons = page.getByRole("table", { name: "Why: above both limits" }).getByRole("row");
    assert.deepEqual(await reasons.allInnerTexts(), [
      "Column\tWould change\tKnown users\tShare\tLimit",
      "city\t12\t12\t100%\t50% and 5 users",
    ]);
    const examples = page.getByRole("table", { name: "The first users whose city would change" });
    assert.equal(await examples.getByRole("row").count(), 11);
    assert.equal(await examples.getByRole("row").nth(1).innerText(), "u0001\tOttawa\tHull");

    await page.getByRole("button", { name: "Approve…" }).click();
    const dialog = page.getByRole("dialog", { name: "Approve the file held by import 2?" });
    await dialog.getByRole("button", { name: "Approve: apply the file" }).click();
    await page.locator("#decided").getByText("Approved: the file was applied as import 3.").waitFor();
    await page.getByText("Held (approved)").waitFor();
    await page.locator("#decided").getByRole("link", { name: "import 3" }).click();
    await page.getByText("approved from import 2").waitFor();
    await page.getByRole("button", { name: "Undo this import…" }).waitFor();
    assertQuiet();
  },
);

pageTest("A discarded file is not applied, and check says that it would be held again", SETTINGS, async (scene) => {
  await held(scene);
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/2", "moved.csv");
  await page.getByRole("button", { name: "Discard…" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Discard the file" }).click();
  await page.locator("#decided").getByText("Discarded: the file was not applied.").waitFor();

  await go(page, "#/check", "Check a file");
  await choose(page, "moved.csv", MOVED);
  await page.getByRole("heading", { name: "The whole file would be held for review" }).waitFor();
  await page.getByRole("table", { name: "The first users whose city would change" }).waitFor();
  assertQuiet();
});
