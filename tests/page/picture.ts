/**
 * Takes the README's pictures of the admin page, in light and dark mode: `deno task screenshots`. The pictures show the
 * real page, served by a service with a realistic history.
 */
import { Buffer } from "node:buffer";
import type { Browser, Page } from "playwright-core";
import { testDatabase } from "../support/postgres.ts";
import { TestService, TOKEN } from "../support/service.ts";
import { go, signIn, startBrowser, visit } from "./browser.ts";
import { addNights } from "./nights.ts";
import { smaller } from "./png.ts";

/** The path is short because the page shows it. */
const FOLDER = "/tmp/rosterd";

const HEADER = "unique_id,login_source,first_name,last_name,email,city,active";
const NAMES = ["Anna Tremblay", "Omar Singh", "Li Nguyen", "Sofia O'Neil", "Jean Roy", "Priya Chan", "Zoë Garcia"];

interface Change {
  city?: string;
  active?: 0 | 1;
  email?: string;
}

function roster(from: number, to: number, change: (number: number) => Change = () => ({})): string {
  const lines = [HEADER];
  for (let number = from; number <= to; number++) {
    const [first, last] = NAMES[number % NAMES.length].split(" ");
    const { city = "Ottawa", active = 1, email = `person${number}@example.edu` } = change(number);
    lines.push([number, "ldap", first, last, email, city, active].join(","));
  }
  return lines.join("\n") + "\n";
}

async function history(service: TestService): Promise<void> {
  await service.import("students-autumn.csv", roster(1001, 5200));
  await service.import("staff/staff.csv", roster(7001, 7640, (number) => number % 17 === 0 ? { email: "none" } : {}));
  await service.import("Parking list.csv", "PK\u0003\u0004 [Content_Types].xml xl/workbook.xml");
  await service.import(
    "students-moved.csv",
    roster(1001, 5200, (number) => number % 9 === 0 ? { city: "Gatineau" } : {}),
  );
  await service.import(
    "students-spring.csv",
    roster(1001, 5310, (number) => number > 4400 && number <= 5200 ? { active: 0 } : {}),
  );
}

/** Each view with its address, its heading and the name of its picture. */
const VIEWS = [
  ["overview", "#/", "Overview"],
  ["history", "#/imports", "Imports"],
  ["import", "#/imports/45", "students-spring.csv"],
  ["person", "#/users/1017", "Li Nguyen"],
  ["check", "#/check", "Check a file"],
  ["settings", "#/settings", "Settings"],
  ["feed", "#/feed/staff", "Settings of staff"],
];

async function shoot(browser: Browser, target: string): Promise<void> {
  await using database = (await testDatabase())!;
  await using service = await TestService.start({
    databaseUrl: database.url,
    upload: `${FOLDER}/upload`,
    settings: { archive_inactive_users: true, interval_minutes: 5, feeds: { staff: { expected_every_hours: 24 } } },
  });
  await addNights(database, 41, [12]);
  await history(service);
  const { page } = await visit(browser, service.url, { viewport: { width: 1120, height: 900 } });
  await signIn(page, TOKEN);
  await page.getByRole("link", { name: "students-spring.csv" }).first().waitFor();
  for (const [name, hash, heading] of VIEWS) {
    await go(page, hash, heading);
    if (name === "check") await checked(page);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const picture = await page.screenshot({ fullPage: name === "overview" });
      await Deno.writeFile(`${target}/page-${name}-${colorScheme}.png`, smaller(picture));
    }
  }
}

/** Checks a roster with an unknown header and a few failures. */
async function checked(page: Page): Promise<void> {
  const text = roster(5300, 5330, (number) => number % 9 === 0 ? { email: "none" } : {}).replace("city", "Town");
  await page.locator("#file").setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
  await page.locator("#check-setup").waitFor();
}

const [target] = Deno.args;
await Deno.mkdir(target, { recursive: true });
await Deno.mkdir(FOLDER);
try {
  const browser = await startBrowser();
  await shoot(browser, target).finally(() => browser.close());
} finally {
  await Deno.remove(FOLDER, { recursive: true });
}
Deno.exit(0);
