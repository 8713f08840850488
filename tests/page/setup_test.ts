/** Sets up an export on the page, from a dropped sample to a check without failures. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { hasFocus } from "./browser.ts";
import { checkPage, choose } from "./check_page.ts";
import { pageTest, type Scene } from "./page_test_case.ts";
import { KOHA, MOODLE } from "./world.ts";

/** Chooses a sample and waits until the questions about it appear. */
async function chooseSample(page: Page, name: string, content: string): Promise<void> {
  await choose(page, name, content);
  await page.getByRole("heading", { name: "Set up this export" }).waitFor();
}

const shownPatch = async (page: Page) => JSON.parse(await page.locator("#setup-patch").innerText());

const apply = (page: Page) => page.getByRole("button", { name: "Apply and check again" });

// deno-lint-ignore no-explicit-any
const settingsOf = ({ service }: Scene): Promise<any> => service.get("/settings");

pageTest("A dropped Moodle export needs one click for a check without failures", {}, async (scene) => {
  const { page, assertQuiet } = await checkPage(scene);
  const before = await settingsOf(scene);
  await chooseSample(page, "moodle.csv", MOODLE);
  await page.getByText("The file would be rejected.").waitFor();
  assert.equal(await page.getByLabel("Column for idnumber").inputValue(), "unique_id");
  assert.equal(await page.getByLabel("Column for auth").inputValue(), "login_source");
  const records = page.getByRole("table", { name: "The first valid records, as they would be stored" });
  assert.match(
    (await records.getByRole("row").nth(2).innerText()).replace(/\s+/g, " "),
    /^2 3 login_source ldap .*active 0/,
  );
  const change = {
    header_aliases: { idnumber: "unique_id", auth: "login_source", suspended: "active" },
    value_maps: { active: { 0: "1", 1: "0" } },
  };
  assert.deepEqual(await shownPatch(page), change);
  assert.deepEqual(await settingsOf(scene), before, "nothing changes before it is applied");

  const sent = page.waitForRequest((request) => request.method() === "PATCH");
  await apply(page).click();
  await page.getByText("The settings were saved, and the file was checked again.").waitFor();
  assert.deepEqual((await sent).postDataJSON(), change);
  await page.getByText("2 users would change. No data was changed.").waitFor();
  assert.equal(await page.getByText("would fail").count(), 0);
  await page.getByText("1 header is not used").click();
  assert.equal(await page.getByLabel("Column for country").inputValue(), "");
  assert.deepEqual(await settingsOf(scene), { ...before, ...change });
  assert.equal((await scene.database.sql`select from rosterd.users`).length, 0);
  assertQuiet();
});

pageTest("Changed answers become the patch, and questions that no longer apply are hidden", {}, async (scene) => {
  const { page, assertQuiet } = await checkPage(scene);
  await chooseSample(page, "koha.csv", KOHA);
  await page.getByLabel(/^Ontario .*means/).fill("QC");
  await page.getByLabel(/^The dates in dateofbirth/).selectOption("");
  await page.getByLabel("Column for enabled").selectOption("");
  assert.equal(await page.getByLabel(/^Y .*means/).isVisible(), false);
  await page.getByText("“sso” is only a guess. Please confirm it.").waitFor();
  await page.getByLabel("No header for login_source. Users without a value get").fill("ldap");
  await page.getByText("1 header is not used").click();
  const patch = await shownPatch(page);
  assert.deepEqual(patch, {
    header_aliases: { cardnumber: "unique_id", surname: "last_name" },
    defaults: { login_source: "ldap" },
    value_maps: { province: { "Québec": "QC", Ontario: "QC" } },
  });
  await page.getByLabel("Column for branch").selectOption("login_source");
  assert.equal((await shownPatch(page)).defaults, undefined);
  await page.getByLabel("Column for branch").selectOption("");
  await apply(page).click();
  await page.getByText("2 records would fail").waitFor();
  const { header_aliases, defaults, value_maps, date_format } = await settingsOf(scene);
  assert.deepEqual({ header_aliases, defaults, value_maps }, patch);
  assert.equal(date_format, "YYYY-MM-DD");
  assert.equal(await page.getByLabel(/^The dates in dateofbirth/).inputValue(), "DD/MM/YYYY");
  assertQuiet();
});

pageTest(
  "A refused answer is marked, and answers are kept if the settings are changed elsewhere",
  {},
  async (scene) => {
    const { page, assertQuiet } = await checkPage(scene);
    await chooseSample(page, "koha.csv", KOHA);
    const ontario = page.getByLabel(/^Ontario .*means/);
    await ontario.fill("Ontario");
    await apply(page).click();
    await page.getByText("Nothing was saved.").waitFor();
    await page.getByText('"Ontario" must be two letters, such as ON.').waitFor();
    assert.equal(await ontario.getAttribute("aria-invalid"), "true");
    assert.ok(await hasFocus(ontario));
    await ontario.fill("ON");
    await page.getByLabel("No header for login_source. Users without a value get").fill("ldap");

    const headers = { "content-type": "application/merge-patch+json" };
    const body = JSON.stringify({ header_aliases: { surname: "last_name" } });
    await (await scene.service.fetch("/settings", { method: "PATCH", body, headers })).body?.cancel();
    await apply(page).click();
    await page.getByText("The settings were changed elsewhere, so nothing was saved.").waitFor();
    assert.deepEqual((await settingsOf(scene)).value_maps, {});
    await page.getByRole("button", { name: "Check again", exact: true }).click();
    await page.getByLabel("Column for surname").waitFor({ state: "detached" });
    assert.equal(await page.getByLabel("No header for login_source. Users without a value get").inputValue(), "ldap");
    await apply(page).click();
    await page.getByText("2 users would change. No data was changed.").waitFor();
    assert.equal((await settingsOf(scene)).defaults.login_source, "ldap");
    assertQuiet(412, 422);
  },
);
