/** Names, values and reasons that contain HTML, in every place on the page where they appear. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { go } from "./browser.ts";
import { pageTest, type Scene } from "./page_test_case.ts";

/** Hostile text that is short enough for a login source. */
const SHORT = "<b onclick=x>l</b>";
const EVIL = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>`;
/** A valid file name, without slashes. */
const NAME = EVIL.replaceAll("/", "");

const SETTINGS = {
  archive_inactive_users: true,
  archive_guard: { max_percent: 0, min_users: 0 },
  login_sources: [SHORT],
  user_types: [SHORT],
  header_aliases: { [EVIL]: "city" },
  clear_token: EVIL.slice(0, 48),
};

const HEADER = ["unique_id", "login_source", "first_name", "email", "active", EVIL, `${EVIL} ignored`];

function quoted(value: string): string {
  return `"${value.replaceAll('"', '""')}"`;
}

function csv(...rows: string[][]): string {
  return [HEADER, ...rows].map((row) => row.map(quoted).join(",") + "\n").join("");
}

function person(id: string, email: string, active: string): string[] {
  return [`${id}<i>${EVIL.slice(0, 30)}`, SHORT, EVIL.slice(0, 45), email, active, EVIL.slice(0, 48), "x"];
}

const REJECTED = `x,${quoted(EVIL)}\n1,2\n`;

/** Creates failures, a hold, an incomplete undo, a rejection and waiting files. */
async function hostileWorld({ service, database }: Scene): Promise<void> {
  await service.import(`${NAME}.csv`, csv(person("a", "", "1"), person("b", "", "1"), person("c", `<u>${EVIL}`, "1")));
  await service.import(`undone ${NAME}.csv`, csv(person("d", "", "1"), person("b", "b@example.edu", "1")));
  await database.sql`update rosterd.users set email = 'else@example.edu' where unique_id like 'b%'`;
  await service.import(`held ${NAME}.csv`, csv(person("a", "", "0")));
  await service.import(`rejected ${NAME}.csv`, REJECTED);
  await service.drop(`${NAME}.exe`, "x");
  await Deno.symlink("nowhere", `${service.upload}/link ${NAME}.csv`);
  await service.turn();
}

/** Asserts that no hostile text became an element and that all of it is visible as text. */
async function stays(page: Page, view: string, times: number): Promise<void> {
  const places = "main, dialog";
  const elements = ["img:not([src^='assets/'])", "script", "b", "i", "u"].map((name) => `:is(${places}) ${name}`)
    .join();
  assert.equal(await page.locator(elements).count(), 0, view);
  assert.doesNotMatch(await page.title(), /^pwned/, view);
  const text = await page.locator(places).allInnerTexts();
  const values = await page.locator("main :is(input, textarea)").evaluateAll((all) =>
    all.map((each) => (each as unknown as { value: string }).value)
  );
  const found = [...text, ...values].join("\n").split(/<img src=x|<b onclick=x/).length - 1;
  assert.ok(found >= times, `${view}: ${found} times`);
}

pageTest(
  "Names, values and reasons that contain HTML are shown as text everywhere",
  { settings: SETTINGS },
  async (scene) => {
    await hostileWorld(scene);
    const { page, assertQuiet } = await scene.tab();
    await page.getByLabel("Token").fill(EVIL);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText("This token is not valid.").waitFor();
    await page.reload();
    const admin = await scene.admin();
    await everywhere(admin.page, scene);
    admin.assertQuiet(422);
    assertQuiet(401);
    // Even if the page inserted text as HTML, the browser would refuse to run any scripts in it.
    await assert.rejects(admin.page.evaluate("void (document.body.innerHTML = '<b>x</b>')"), /TrustedHTML/);
  },
);

async function everywhere(page: Page, scene: Scene): Promise<void> {
  await page.getByText("holds 1 user for review.").waitFor();
  await stays(page, "overview: hold, names of imports, reason, waiting and ignored files", 7);
  await go(page, "#/imports", "Imports");
  await stays(page, "imports", 4);
  await go(page, "#/imports/1", /<img/);
  await page.getByRole("heading", { name: "1 failed record" }).waitFor();
  await page.locator("details").evaluateAll((all) => all.forEach((each) => each.setAttribute("open", "")));
  await stays(page, "an import: name, failures, warnings, names in bak, settings it used", 9);
  await go(page, "#/imports/4", /rejected <img/);
  await stays(page, "a rejected import: the headers that were found", 3);
  await go(page, "#/imports/3", /held <img/);
  await page.getByText("1 user is held for review").waitFor();
  await stays(page, "held users, and why", 5);
  for (const word of ["Approve…", "Discard…"]) {
    await page.getByRole("button", { name: word }).click();
    await page.getByRole("dialog").waitFor();
    await stays(page, word, 5);
    await page.keyboard.press("Escape");
  }
  await page.getByRole("button", { name: "Discard…" }).click();
  await page.getByRole("button", { name: "Discard: 1 user keeps access" }).click();
  await page.getByText("Discarded:").waitFor();
  // Import 3 must be undone first, because it recorded that the feed listed user "a" as inactive.
  assert.equal((await scene.service.fetch("/imports/3/undo", { method: "POST" })).status, 200);
  await go(page, "#/imports/2", /undone <img/);
  await page.getByRole("button", { name: "Undo this import…" }).click();
  await page.getByRole("dialog").waitFor();
  await stays(page, "undo", 4);
  await page.getByRole("button", { name: "Undo import" }).click();
  await page.getByText("1 user was left unchanged:").waitFor();
  await stays(page, "what undo left out", 4);
  await go(page, "#/check", "Check a file");
  const buffer = Buffer.from(csv(person("a", "", "0"), person("z", "", "1"), person("y", `<u>${EVIL}`, "1")));
  await page.locator("#file").setInputFiles({ name: `${NAME}.csv`, mimeType: "text/csv", buffer });
  await page.locator("#checked").waitFor();
  await stays(page, "a checked file: name, warnings, failures, values before and after", 6);
  await page.locator("#file").setInputFiles({
    name: `${NAME}.csv`,
    mimeType: "text/csv",
    buffer: Buffer.from(REJECTED),
  });
  await page.getByText("The file would be rejected.").waitFor();
  await stays(page, "a checked file that would be rejected", 2);
  await go(page, "#/settings", "Settings");
  await stays(page, "settings: login sources, user types, names of columns, the value that clears", 4);
  await page.getByLabel("User types").fill(`${EVIL}\n\n${"x".repeat(300)}${EVIL}`);
  await page.getByLabel("Mail server").fill(EVIL);
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Nothing was saved.").waitFor();
  await stays(page, "settings that are refused", 5);
  await page.getByRole("button", { name: "Revert changes" }).click();
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ clear_token: EVIL.slice(0, 47), header_aliases: { [`${EVIL}2`]: "city" } });
  assert.equal((await scene.service.fetch("/settings", { method: "PATCH", body, headers })).status, 200);
  await go(page, "#/settings-history", "Change history");
  await page.getByText("clear_token").waitFor();
  await stays(page, "history of settings", 3);
}
