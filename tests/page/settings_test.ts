import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import { until } from "../support/until.ts";
import { go, hasFocus, type Visit } from "./browser.ts";
import { pageTest, type Scene } from "./page_test_case.ts";

// deno-lint-ignore no-explicit-any
type Settings = any;

async function settingsPage(scene: Scene): Promise<Visit> {
  const visit = await scene.admin();
  await go(visit.page, "#/settings", "Settings");
  return visit;
}

function group(page: Page, name: string): Locator {
  return page.getByRole("group", { name });
}

async function save(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Save" }).click();
}

pageTest(
  "Settings that are changed on the page are saved, and only the changes are sent",
  {},
  async (scene) => {
    const { page, assertQuiet } = await settingsPage(scene);
    assert.equal(await page.getByRole("button", { name: "Save" }).isDisabled(), true);
    const before = await scene.service.get<Settings>("/settings");
    await page.getByLabel("Scan interval").fill("7");
    await page.getByRole("group", { name: "When to send mail" }).getByLabel("After every import").check();
    await page.getByLabel("Login sources").fill("ldap\n\n  shibboleth \n");
    await group(page, "Required columns").getByLabel("postal_code", { exact: true }).check();
    await page.getByRole("button", { name: "Add a header" }).click();
    await page.getByLabel("Header in the roster").fill("Student Number");
    await page.getByLabel("Column", { exact: true }).selectOption("student_no");
    await page.getByText("5 unsaved changes").waitFor();
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await save(page);
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    const changes = {
      interval_minutes: 7,
      mail_on: "always",
      login_sources: ["ldap", "shibboleth"],
      required_columns: ["postal_code"],
      header_aliases: { "Student Number": "student_no" },
    };
    assert.deepEqual((await sent).postDataJSON(), changes);
    assert.deepEqual(await scene.service.get("/settings"), { ...before, ...changes });

    await page.getByRole("button", { name: "Remove" }).click();
    await save(page);
    await until(
      "the alias is gone",
      async () => Object.keys((await scene.service.get<Settings>("/settings")).header_aliases).length === 0,
    );
    assertQuiet();
  },
);

pageTest(
  "Value maps, defaults, fill-only columns and the date format can be set, changed and removed",
  { settings: { value_maps: { active: { N: "0", old: "0" } } } },
  async (scene) => {
    const { page, assertQuiet } = await settingsPage(scene);
    const maps = group(page, "Value maps"), defaults = group(page, "Defaults");
    assert.equal(await maps.getByLabel("Value in the roster").nth(1).inputValue(), "old");
    await maps.getByRole("button", { name: "Remove" }).nth(1).click();
    for (const [at, column, from, to] of [[1, "active", "Y", "1"], [2, "province", "Ontario", "ON"]] as const) {
      await maps.getByRole("button", { name: "Add a value" }).click();
      await maps.getByLabel("Column").nth(at).selectOption(column);
      await maps.getByLabel("Value in the roster").nth(at).fill(from);
      await maps.getByLabel("Value to store").nth(at).fill(to);
    }
    await defaults.getByRole("button", { name: "Add a default" }).click();
    await defaults.getByLabel("Column").selectOption("login_source");
    await defaults.getByLabel("Value", { exact: true }).fill("sso");
    assert.equal(await defaults.getByRole("option", { name: "unique_id" }).count(), 0);
    await group(page, "Fill-only columns").getByLabel("phone_cell").check();
    await page.getByLabel("Date format").selectOption("DD/MM/YYYY");
    await group(page, "Values damaged by a spreadsheet").getByLabel("Accept them").check();
    const sent = page.waitForRequest((request) => request.method() === "PATCH");
    await save(page);
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    assert.deepEqual((await sent).postDataJSON(), {
      value_maps: { active: { old: null, N: "0", Y: "1" }, province: { Ontario: "ON" } },
      defaults: { login_source: "sso" },
      fill_only_columns: ["phone_cell"],
      date_format: "DD/MM/YYYY",
      detect_spreadsheet_damage: false,
    });
    const { value_maps } = await scene.service.get<Settings>("/settings");
    assert.deepEqual(value_maps, { active: { N: "0", Y: "1" }, province: { Ontario: "ON" } });

    await maps.getByLabel("Value to store").nth(1).fill("yes");
    await save(page);
    await page.locator("#setting-value-maps-error", { hasText: '“active.Y” "yes" must be 0 or 1.' }).waitFor();
    assertQuiet(422);
  },
);

pageTest("An invalid value is refused beside its field, and nothing is changed", {}, async (scene) => {
  const { page, assertQuiet } = await settingsPage(scene);
  const before = await scene.service.get<Settings>("/settings");
  await page.getByLabel("Scan interval").fill("0");
  await page.getByLabel("Port", { exact: true }).fill("many");
  await page.getByLabel("Failed Import Email", { exact: true }).fill("nobody");
  await page.getByLabel("Login sources").fill(`ldap\n${"x".repeat(21)}`);
  await save(page);
  await page.getByText("Nothing was saved.").waitFor();
  const shown = async (key: string) => await page.locator(`#setting-${key}-error`).innerText();
  assert.equal(await shown("interval-minutes"), "Must be at least 1.");
  assert.equal(await shown("smtp-port"), "Must be a whole number.");
  assert.match(await shown("failed-import-email"), /^Must be email addresses/);
  assert.equal(await shown("login-sources"), `“${"x".repeat(21)}” must have at most 20 characters.`);
  const interval = page.getByLabel("Scan interval");
  assert.equal(await interval.getAttribute("aria-invalid"), "true");
  assert.match((await interval.getAttribute("aria-describedby"))!, /setting-interval-minutes-error/);
  assert.ok(await hasFocus(interval));
  assert.deepEqual(await scene.service.get("/settings"), before);

  await page.getByRole("button", { name: "Revert changes" }).click();
  assert.equal(await interval.inputValue(), "1440");
  assert.equal(await shown("interval-minutes"), "");
  assertQuiet(422);
});

pageTest(
  "If two people edit at once, the second one sees the other's changes, keeps the input, and overwrites nothing",
  {},
  async (scene) => {
    const { page, assertQuiet } = await settingsPage(scene);
    await page.getByLabel("Scan interval").fill("7");
    const patch = JSON.stringify({ settle_seconds: 11, interval_minutes: 9 });
    const headers = { "content-type": "application/merge-patch+json" };
    await (await scene.service.fetch("/settings", { method: "PATCH", body: patch, headers })).body?.cancel();
    await save(page);
    await page.getByText("The settings were changed elsewhere, so nothing was saved.").waitFor();
    await page.getByText("Settle time: from 0 to 11").waitFor();
    await page.getByText("Scan interval: from 1440 to 9 (you changed it too; the form shows your value)").waitFor();
    assert.equal((await scene.service.get<Settings>("/settings")).interval_minutes, 9);
    assert.equal(await page.getByLabel("Settle time").inputValue(), "11");
    await save(page);
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    const { interval_minutes, settle_seconds } = await scene.service.get<Settings>("/settings");
    assert.deepEqual([interval_minutes, settle_seconds], [7, 11]);
    assertQuiet(412);
  },
);

const KEPT = {
  smtp: { host: "mail.example.edu", port: 587, security: "starttls", user: "rosterd", password: "secret-of-the-mail" },
};

pageTest(
  "The mail password is never shown, is kept if its field is empty, and is required again for another server",
  { settings: KEPT },
  async (scene) => {
    const { page, assertQuiet } = await settingsPage(scene);
    const stored = async () => JSON.parse(await Deno.readTextFile(scene.service.config.settings)).smtp.password;
    assert.doesNotMatch(await page.content(), /secret-of-the-mail/);
    const password = page.getByLabel("Password", { exact: true });
    assert.equal(await password.inputValue(), "");
    await page.getByLabel("Mail server").fill("evil.example");
    await save(page);
    await page.locator("#setting-smtp-password-error", {
      hasText: "Must be entered again because smtp.host changed.",
    })
      .waitFor();
    await password.fill("another-secret");
    await save(page);
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    assert.equal(await stored(), "another-secret");
    assert.equal(await password.inputValue(), "");
    await page.getByLabel("Scan interval").fill("7");
    await save(page);
    await until("it is saved", async () => (await scene.service.get<Settings>("/settings")).interval_minutes === 7);
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    assert.equal(await stored(), "another-secret");
    await page.getByLabel("Remove the stored password").check();
    await save(page);
    await until("it is forgotten", async () => await stored() === "");
    assertQuiet(422);
  },
);

pageTest("A test mail uses the saved settings, and the page shows the result", {}, async (scene) => {
  const { page, assertQuiet } = await settingsPage(scene);
  const send = page.getByRole("button", { name: "Send test email" });
  await page.getByLabel("Failed Import Email", { exact: true }).fill("clerk@example.edu");
  assert.equal(await send.isDisabled(), true);
  await page.getByText("Save first. The test uses the saved settings.").waitFor();
  await save(page);
  await page.getByText("Saved. The change applies from the next scan.").waitFor();
  await send.click();
  await page.getByText("The mail server accepted an email to clerk@example.edu.").waitFor();
  assert.equal(scene.service.smtp.mails.length, 1);
  assertQuiet();
});

pageTest("Leaving the form with unsaved settings needs a confirmation", {}, async (scene) => {
  const { page, assertQuiet } = await settingsPage(scene);
  const to = (name: string) => page.getByRole("navigation", { name: "Main" }).getByRole("link", { name });
  await page.getByLabel("Scan interval").fill("7");
  await to("Imports").click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).waitFor();
  await page.keyboard.press("Escape");
  assert.equal(await page.getByLabel("Scan interval").inputValue(), "7");
  assert.match(page.url(), /#\/settings$/);
  await to("Imports").click();
  await page.getByRole("button", { name: "Leave without saving" }).click();
  await page.getByRole("heading", { level: 1, name: "Imports" }).waitFor();
  await to("Settings").click();
  await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
  assert.equal(await page.getByLabel("Scan interval").inputValue(), "1440");
  assertQuiet();
});

pageTest(
  "The change history lists the time, author, method and values of each change, but never a password",
  {},
  async (scene) => {
    const { page, assertQuiet } = await settingsPage(scene);
    await page.getByLabel("Scan interval").fill("7");
    await page.getByLabel("Login sources").fill("ldap\nshibboleth");
    await page.getByLabel("Password", { exact: true }).fill("secret-of-the-mail");
    await save(page);
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
    await page.getByRole("link", { name: "Change history" }).click();
    await page.getByRole("heading", { level: 1, name: "Change history" }).waitFor();
    const rows = await page.getByRole("table").getByRole("row").allInnerTexts();
    const changed = rows.map((row) =>
      row.replaceAll("\n", " ").split("\t").slice(1).map((cell) => cell.trim()).join(" | ")
    );
    assert.ok(
      changed.includes("Scan interval interval_minutes | 1440 | 7 | admin | on this page or over HTTP"),
      rows.join("\n"),
    );
    assert.ok(
      changed.includes("Login sources login_sources | none | ldap, shibboleth | admin | on this page or over HTTP"),
      rows.join("\n"),
    );
    assert.ok(
      changed.includes("Password smtp.password | empty | *** | admin | on this page or over HTTP"),
      rows.join("\n"),
    );
    assertQuiet();
  },
);

pageTest("Settings can be saved through a compressing proxy that weakens ETags", {}, async (scene) => {
  const { page, assertQuiet } = await scene.admin();
  await page.route("**/settings", async (route) => {
    const request = route.request();
    const answer = await fetch(request.url(), {
      method: request.method(),
      headers: await request.allHeaders(),
      body: request.postData(),
    });
    const headers = { ...Object.fromEntries(answer.headers), etag: `W/${answer.headers.get("etag")}` };
    await route.fulfill({ status: answer.status, headers, body: await answer.text() });
  });
  await go(page, "#/settings", "Settings");
  for (const minutes of ["7", "8"]) {
    await page.getByLabel("Scan interval").fill(minutes);
    await save(page);
    await until(
      "it is saved",
      async () => String((await scene.service.get<Settings>("/settings")).interval_minutes) === minutes,
    );
    await page.getByText("Saved. The change applies from the next scan.").waitFor();
  }
  assertQuiet();
});
