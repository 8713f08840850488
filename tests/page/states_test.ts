/** The page in every state of the service: usable by everybody, on a narrow screen, and without a fault on the console. */
import assert from "node:assert/strict";
import { barriers, TOO_WIDE } from "./browser.ts";
import { everyState } from "./every_state.ts";
import { pageTest } from "./page_test_case.ts";

/** What a person must read there. */
const WORDS: Record<string, RegExp> = {
  "wrong-token": /This is not the token\./,
  "no-import": /Nobody is mailed: mail is not set up\.[^]*Nothing was imported yet\./,
  "no-imports": /Nothing was imported yet\./,
  "no-changes": /No setting was changed yet\./,
  "running": /Comparing with the users and writing/,
  "running-import": /autumn\.csv is being imported/,
  "many-failures": /10,000 failed records/,
  "undo-dialog": /40 users it updated or reactivated will get their former values back/,
  "undone": /Undone: 40 users were put back\./,
  "read-token": /The read token may not see the failed records\./,
  "database-away": /Nothing can be imported now[^]*Start the database/,
  "database-away-anew": /They cannot be shown now\./,
  "database-away-imports": /This cannot be shown now/,
  "service-away": /The service does not answer\. What you see may be old; trying again/,
};

pageTest("In every state the page says what is the matter, to everybody, and fits a narrow screen", {
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
