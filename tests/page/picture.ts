/**
 * Takes the pictures of the admin page for the README, light and dark: `deno task screenshots`. The pictures show the
 * real page of a service with a realistic history.
 */
import type { Browser } from "playwright-core";
import { type TestDatabase, testDatabase } from "../support/postgres.ts";
import { TestService, TOKEN } from "../support/service.ts";
import { signIn, startBrowser, visit } from "./browser.ts";

/** The path is short, because the page shows it. */
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

/** Six weeks of nightly imports: one night without a file, one with half a roster, and one with many failures. */
async function earlierNights({ sql }: TestDatabase): Promise<void> {
  await sql`
    insert into rosterd.imports (feed, file, status, settings, started_at, finished_at,
      records, created, updated, unchanged, archived, failed)
    select '', 'students.csv', case when failed > 0 then 'failed_records' else 'done' end, '{}', at, at + interval '2 s',
      records, created, updated, records - created - updated - archived - failed, archived, failed
    from (
      select date_trunc('day', now()) - make_interval(days => night) + interval '2 h 10 min' as at,
        case when night = 17 then 2050 else 4200 end as records, night % 4 as created,
        case when night = 26 then 400 else 12 + night * 7 % 23 end as updated,
        case when night % 9 = 0 then 3 else 0 end as archived,
        case when night = 8 then 150 when night % 6 = 0 then 4 else 0 end as failed
      from generate_series(41, 1, -1) as night where night <> 12
    ) as nights order by at`;
}

async function history(service: TestService): Promise<void> {
  await service.import("students-autumn.csv", roster(1001, 5200));
  await service.import("staff.csv", roster(7001, 7640, (number) => number % 17 === 0 ? { email: "none" } : {}));
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

async function shoot(browser: Browser, target: string): Promise<void> {
  await using database = (await testDatabase())!;
  await using service = await TestService.start({
    databaseUrl: database.url,
    upload: `${FOLDER}/upload`,
    settings: { archive_inactive_users: true, interval_minutes: 5 },
  });
  await earlierNights(database);
  await history(service);
  const { page } = await visit(browser, service.url, { viewport: { width: 1120, height: 900 } });
  await signIn(page, TOKEN);
  await page.getByRole("link", { name: "students-spring.csv" }).first().waitFor();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    await page.screenshot({ path: `${target}/admin-page-${colorScheme}.png`, fullPage: true });
  }
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
