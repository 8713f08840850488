import assert from "node:assert/strict";
import { READ_TOKEN, TOKEN } from "../support/service.ts";
import { until } from "../support/until.ts";
import { go, hasFocus, signIn } from "./browser.ts";
import { pageTest } from "./page_test_case.ts";

/** The data that the tab stores about the admin token. */
const ADMIN_HOLDER = '{"name":"admin","role":"admin","may_decide":true}';

pageTest(
  "A wrong token is refused with a reason, and a valid token stays in the tab until sign-out",
  {},
  async (scene) => {
    const { page, assertQuiet } = await scene.tab();
    const token = page.getByLabel("Token");
    assert.ok(await hasFocus(token));
    for (const wrong of ["wrong", "wröng\u2028token"]) {
      await token.fill(wrong);
      await page.keyboard.press("Enter");
      await page.getByText("This token is not valid.").waitFor();
      assert.equal(await token.getAttribute("aria-invalid"), "true");
    }
    await signIn(page, `  ${TOKEN}\n`);
    const kept = await page.evaluate<string[]>(
      "[...Object.values(localStorage), document.cookie, location.href, JSON.stringify(history.state)]",
    );
    assert.deepEqual(kept.filter((text) => text?.includes("token-of-the-test")), []);
    assert.deepEqual(await page.evaluate("Object.values(sessionStorage).sort()"), [TOKEN, ADMIN_HOLDER]);

    await page.reload();
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    const other = await page.context().newPage();
    await other.goto(scene.service.url);
    await other.getByLabel("Token").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByLabel("Token").waitFor();
    assert.deepEqual(await page.evaluate("Object.values(sessionStorage)"), []);
    assertQuiet(401);
  },
);

pageTest(
  "After too many wrong tokens, the page says how long to wait, but still accepts a valid token",
  {},
  async (scene) => {
    const { page, assertQuiet } = await scene.tab();
    for (let tries = 0; tries < 10; tries++) {
      await fetch(`${scene.service.url}/status`, { headers: { authorization: "Bearer x" } }).then((answer) =>
        answer.body?.cancel()
      );
    }
    await page.getByLabel("Token").fill("wrong");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByText(/Too many wrong tokens\. Try again in \d+ seconds\./).waitFor();
    await signIn(page, TOKEN);
    assertQuiet(429);
  },
);

pageTest(
  "A link to a view still works after the sign-in, and after a token rotation the page asks for the new token",
  {},
  async (scene) => {
    await scene.service.import("first.csv", "unique_id,login_source\nu1,ldap\n");
    const { page, assertQuiet } = await scene.tab();
    await page.goto(`${scene.service.url}/#/imports/1`);
    await signIn(page, TOKEN);
    await page.getByRole("heading", { level: 1, name: "first.csv" }).waitFor();
    await page.evaluate('sessionStorage.setItem("rosterd.token", "rotated")');
    await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Settings" }).click();
    await page.getByText("Your token is no longer valid. Sign in again.").waitFor();
    await signIn(page, TOKEN);
    await page.getByRole("heading", { level: 1, name: "Settings" }).waitFor();
    assertQuiet(401);
  },
);

pageTest("With the read token, the page says which data and actions are not available", {
  settings: { archive_inactive_users: true },
}, async (scene) => {
  const active = Array.from({ length: 60 }, (_, number) => `u${number},ldap,1`).join("\n");
  await scene.service.import("all.csv", `unique_id,login_source,active\n${active}\nbad,,1\n`);
  await scene.service.import("gone.csv", `unique_id,login_source,active\n${active.replaceAll(",1", ",0")}\n`);
  const { page, assertQuiet } = await scene.tab();
  await signIn(page, READ_TOKEN);
  await page.getByRole("heading", { name: "Recent imports" }).waitFor();
  assert.equal(await page.getByRole("button", { name: "Scan folder now" }).count(), 0);
  await go(page, "#/imports/1", "all.csv");
  await page.getByText("Only clerks and admins can view failed records.").waitFor();
  await go(page, "#/imports/2", "gone.csv");
  await page.getByText("Only clerks and admins can view held users.").waitFor();
  await page.getByText("Only admins can make this decision.").waitFor();
  await page.getByText("Only admins can undo imports.").waitFor();
  await go(page, "#/check", "Check a file");
  await page.getByText("Only clerks and admins can check files.").waitFor();
  await go(page, "#/settings", "Settings");
  await page.getByText("You can view the settings, but only admins can change them.").waitFor();
  assert.equal(await page.getByLabel("Scan interval").isDisabled(), true);
  assert.equal(await page.getByRole("button", { name: "Save" }).count(), 0);
  assertQuiet();
});

pageTest(
  "The page reports that the service has stopped, and continues without a reload when the service is back",
  {},
  async (scene) => {
    const { page } = await scene.admin();
    await page.getByRole("heading", { name: "Recent imports" }).waitFor();
    let isAway = true;
    await page.route("**/status", (route) => isAway ? route.abort() : route.continue());
    // A tab polls immediately when it becomes visible again.
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await page.getByText("The service is not responding.").waitFor();
    isAway = false;
    await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await until("the words are gone", async () => await page.getByText("The service is not responding.").count() === 0);
  },
);

pageTest(
  "A view that failed while the database was unavailable appears when the database is back",
  {},
  async (scene) => {
    await scene.service.import("first.csv", "unique_id,login_source\nu1,ldap\n");
    const { page } = await scene.admin();
    let isAway = true;
    const problem = {
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "the database cannot be reached",
    };
    await page.route(
      "**/imports?**",
      (route) => isAway ? route.fulfill({ status: 503, json: problem }) : route.continue(),
    );
    await go(page, "#/imports", "This page cannot be shown right now");
    await page.getByText("The database cannot be reached.").waitFor();
    isAway = false;
    await page.route("**/status", (route) => route.abort(), { times: 1 });
    const lookNow = () => page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
    await lookNow();
    await page.getByText("The service is not responding.").waitFor();
    await lookNow();
    await page.getByRole("link", { name: "first.csv" }).waitFor();
  },
);
