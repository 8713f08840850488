/** In every state of the service, the page is accessible and fits on a narrow screen. */
import assert from "node:assert/strict";
import { barriers, TOO_WIDE } from "./browser.ts";
import { everyState } from "./every_state.ts";
import { pageTest } from "./page_test_case.ts";

/** The text that the page must show in each state. */
const WORDS: Record<string, RegExp> = {
  "wrong-token": /This token is not valid\./,
  "no-import": /Mail is not set up, so no emails are sent\.[^]*No imports yet\./,
  "no-imports": /No imports yet\./,
  "no-changes": /No settings have been changed yet\./,
  "running": /Comparing records with users and saving changes/,
  "running-import": /autumn\.csv is being imported/,
  "many-failures": /10,000 failed records/,
  "undo-dialog": /40 users it updated or reactivated will get their previous values back, except values changed since/,
  "undone": /Undone: 40 users were restored\./,
  "read-token": /Only clerks and admins can view failed records\./,
  "database-unreachable": /Imports are not possible right now[^]*Start the database/,
  "database-unreachable-overview": /Recent imports cannot be shown right now\./,
  "database-unreachable-imports": /This page cannot be shown right now/,
  "service-unreachable": /The service is not responding\. This page may be out of date\. Retrying…/,
};

pageTest("In every state, the page describes the problem, is accessible, and fits a narrow screen", {
  withoutMail: true,
}, async (scene) => {
  const seen: string[] = [];
  await everyState(scene, async (state, page) => {
    await page.setViewportSize({ width: 390, height: 844 });
    assert.match(await page.locator("body").innerText(), WORDS[state], state);
    assert.deepEqual(await page.evaluate<string[]>(TOO_WIDE), [], state);
    assert.deepEqual(await barriers(page), [], state);
    seen.push(state);
  });
  assert.deepEqual(seen, Object.keys(WORDS));
});
