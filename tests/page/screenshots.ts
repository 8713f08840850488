/**
 * Takes pictures of every view and state for people to look at: `deno run -A tests/page/screenshots.ts FOLDER`. No test
 * uses these pictures.
 */
import type { Page } from "playwright-core";
import { testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { startBrowser, visit } from "./browser.ts";
import { everyState } from "./every_state.ts";
import { everyView } from "./every_view.ts";
import { fullWorld } from "./world.ts";

const [folder] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
const browser = await startBrowser();

/** Takes four pictures: wide and narrow, light and dark. */
async function shoot(name: string, page: Page): Promise<void> {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const path = `${folder}/${name.replace(/[^\w-]+/g, "-")}-${width}-${colorScheme}.png`;
      await page.screenshot({ path, fullPage: await page.locator("dialog[open]").count() === 0 });
    }
  }
  console.log(name);
}

async function views(): Promise<void> {
  await using database = (await testDatabase())!;
  await using service = await fullWorld(database.url);
  const { page } = await visit(browser, service.url);
  await everyView(page, (view) => shoot(view, page));
}

async function states(): Promise<void> {
  await using database = (await testDatabase())!;
  await using service = await TestService.start({ databaseUrl: database.url, withoutMail: true });
  const tab = () => visit(browser, service.url);
  await everyState({ service, database, tab }, shoot);
}

try {
  await views();
  await states();
} finally {
  await browser.close();
}
Deno.exit(0);
