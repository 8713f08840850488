/** Visits every view of the page in turn. */
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { TOKEN } from "../support/service.ts";
import { go, signIn } from "./browser.ts";
import { roster } from "./world.ts";

/** Opens every view with content and calls `look` when it appears. */
export async function everyView(page: Page, look: (view: string) => Promise<void>): Promise<void> {
  await look("sign-in");
  await signIn(page, TOKEN);
  await page.getByRole("heading", { name: "Recent imports" }).waitFor();
  await look("overview");
  for (
    const [hash, heading] of [
      ["#/imports", "Imports"],
      ["#/imports?status=error", "Imports"],
      ["#/imports/3", "staff.csv"],
      ["#/imports/4", "Roster spring.xlsx.csv"],
      ["#/imports/6", "students-2027-01.csv"],
      ["#/imports/6/changes", "Changes made by import 6"],
      ["#/users?q=number", "Users: number"],
      ["#/users?q=nobody", "Users: nobody"],
      ["#/users/u0003", "Person Number 3"],
      ["#/imports/99", "Page not found"],
      ["#/nowhere", "Page not found"],
    ]
  ) {
    await go(page, hash, heading);
    await page.locator("details").evaluateAll((all) => all.forEach((each) => each.setAttribute("open", "")));
    await look(hash);
  }
  await go(page, "#/imports/6", "students-2027-01.csv");
  await page.getByRole("button", { name: "Approve…" }).click();
  await page.getByRole("dialog").waitFor();
  await look("dialog");
  await page.keyboard.press("Escape");
  await go(page, "#/check", "Check a file");
  const people = roster(290, 350, (number) => number % 9 === 0 ? { email: "wrong" } : { city: "Hull" });
  const exported = people.replace("city", "Town").replaceAll(/(u03[45].*),1\n/g, "$1,Y\n");
  const buffer = Buffer.from(exported);
  await page.locator("#file").setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer });
  await page.locator("#check-setup").waitFor();
  await look("check");
  await go(page, "#/settings", "Settings");
  await page.getByRole("button", { name: "Add a header" }).click();
  await page.getByLabel("Scan interval").fill("0");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Nothing was saved.").waitFor();
  await look("settings");
  await page.getByLabel("Scan interval").fill("60");
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved. The change applies from the next scan.").waitFor();
  await go(page, "#/settings-history", "Change history");
  await look("settings-history");
}
