import assert from "node:assert/strict";
import { TokensFile } from "../../src/host/tokens_file.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { go } from "./browser.ts";
import { pageTest } from "./page_test_case.ts";

pageTest("A clerk signs in with a link, sees people, decides only if allowed, and is named in the history", {
  settings: { archive_inactive_users: true },
}, async (scene) => {
  const active = Array.from({ length: 60 }, (_, number) => `u${number},ldap,1`).join("\n");
  await scene.service.import("all.csv", `unique_id,login_source,active\n${active}\nbad,,1\n`);
  await scene.service.import("gone.csv", `unique_id,login_source,active\n${active.replaceAll(",1", ",0")}\n`);
  const tokens = new TokensFile(scene.service.config.data, systemClock);
  await tokens.add("anna", "clerk");
  const link = `${scene.service.url}/#/sign-in/${(await tokens.addLink("anna")).secret}`;

  const { page, assertQuiet } = await scene.tab();
  const asked: string[] = [];
  page.on("request", (request) => void asked.push(request.url()));
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByText("anna (clerk)").waitFor();
  assert.equal(new URL(page.url()).hash, "#/");
  assert.deepEqual(asked.filter((url) => url.includes("sign-in/")), [], "no request has the secret");
  await page.getByRole("button", { name: "Scan folder now" }).waitFor();
  await go(page, "#/imports/1", "all.csv");
  await page.getByRole("heading", { name: "1 failed record" }).waitFor();
  await go(page, "#/settings", "Settings");
  await page.getByText("You can view the settings, but only admins can change them.").waitFor();
  await go(page, "#/imports/2", "gone.csv");
  await page.getByText("Only admins can make this decision.").waitFor();
  await page.getByText("u10", { exact: true }).first().waitFor();

  await scene.service.set({ clerks_may_decide: true });
  await page.reload();
  await page.getByRole("button", { name: "Discard…" }).click();
  await page.getByRole("button", { name: "Discard: 60 users keep access" }).click();
  await page.getByText("Discarded by anna on").waitFor();

  await go(page, "#/settings-history", "Change history");
  await page.getByRole("row", { name: /Who may decide on holds and undo imports.*admin/ }).waitFor();
  assertQuiet();
  await page.goto("about:blank");
  await page.goto(link);
  await page.getByText("This sign-in link no longer works. Ask for a new one.").waitFor();
});
