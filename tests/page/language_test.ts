/** Numbers and dates follow the browser's language and time zone; the page's text is in English. */
import assert from "node:assert/strict";
import { go } from "./browser.ts";
import { addNights } from "./nights.ts";
import { pageTest } from "./page_test_case.ts";

const LANGUAGES = [
  {
    ...{ locale: "de-DE", timezoneId: "Europe/Berlin", records: "4.200 records" },
    ...{ date: /\b20\. Jan\.? 2026\D+03:10/, day: "2026-01-20" },
  },
  {
    ...{ locale: "fr-CA", timezoneId: "America/Toronto", records: "4\u00a0200 records" },
    ...{ date: /\b19 janv?\.? 2026\D+21\s?(h|:)\s?10/, day: "2026-01-19" },
  },
  {
    ...{ locale: "en-US", timezoneId: "America/Vancouver", records: "4,200 records" },
    ...{ date: /\bJan 19, 2026\D+06:10\s?PM/, day: "2026-01-19" },
  },
];

pageTest("Numbers and dates are written in the language and the time zone of the browser", {}, async (scene) => {
  await addNights(scene.database, 5, [3]);
  // The date is in winter so that the difference between the time zones is fixed.
  await scene.database.sql`update rosterd.imports set started_at = '2026-01-20T02:10:00Z' where id = 1`;
  for (const { locale, timezoneId, records, date, day } of LANGUAGES) {
    const { page, assertQuiet } = await scene.admin({ locale, timezoneId });
    await page.locator("#news .lead").getByText(records).waitFor();
    await go(page, "#/imports", "Imports");
    const rows = page.getByRole("table").getByRole("row");
    assert.match((await rows.allInnerTexts()).at(-2)!, date, locale);
    await page.getByLabel("From").fill(day);
    await page.getByLabel("To").fill(day);
    await page.locator("main").getByText("1 import", { exact: true }).waitFor();
    assert.match((await rows.allInnerTexts())[1], date, locale);
    assertQuiet();
    await page.context().close();
  }
});
