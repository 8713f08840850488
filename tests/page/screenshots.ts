/** Pictures of every view: `deno run -A tests/page/screenshots.ts FOLDER`. For people; the tests assert without them. */
import { Buffer } from "node:buffer";
import { TOKEN } from "../support/service.ts";
import { testDatabase } from "../support/postgres.ts";
import { go, signIn, startBrowser, visit } from "./browser.ts";
import { fullWorld, roster } from "./world.ts";

const [folder] = Deno.args;
await Deno.mkdir(folder, { recursive: true });
await using database = (await testDatabase())!;
await using service = await fullWorld(database.url);
const browser = await startBrowser();
try {
  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [1280, 390]) {
      const viewport = { width, height: width === 390 ? 844 : 900 };
      const { page } = await visit(browser, service.url, { viewport, colorScheme });
      const shoot = async (name: string, fullPage = true) => {
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage });
      };
      await shoot("sign-in");
      await signIn(page, TOKEN);
      await shoot("overview");
      await go(page, "#/imports", "Imports");
      await shoot("imports");
      await go(page, "#/imports?status=error", "Imports");
      await shoot("imports-empty");
      await go(page, "#/imports/3", /staff/);
      await shoot("import-failures");
      await go(page, "#/imports/4", /Roster/);
      await shoot("import-rejected");
      await go(page, "#/imports/6", /students-2027/);
      await shoot("import-held", false);
      await page.getByRole("button", { name: "Approve …" }).click();
      await page.getByRole("dialog").waitFor();
      await shoot("dialog", false);
      await page.keyboard.press("Escape");
      await go(page, "#/check", "Check a file");
      await shoot("check");
      const buffer = new TextEncoder().encode(
        roster(290, 350, (number) => number % 9 === 0 ? { email: "wrong" } : { city: "Gatineau" }),
      );
      await page.locator("#file").setInputFiles({ name: "new.csv", mimeType: "text/csv", buffer: Buffer.from(buffer) });
      await page.locator("#checked").waitFor();
      await shoot("checked");
      await go(page, "#/settings", "Settings");
      await shoot("settings");
      await page.getByLabel("Time between two turns").fill("0");
      await page.getByLabel("Port", { exact: true }).fill("99999");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Nothing was saved.").waitFor();
      await shoot("settings-refused", false);
      await page.getByRole("button", { name: "Put back" }).click();
      await page.getByLabel("Time between two turns").fill(width === 390 ? "30" : "60");
      await page.getByRole("button", { name: "Save" }).click();
      await page.getByText("Saved. It holds").waitFor();
      await go(page, "#/settings-history", "What was changed");
      await shoot("settings-history");
      console.log(width, colorScheme, await page.evaluate("document.documentElement.scrollWidth"));
    }
  }
} finally {
  await browser.close();
}
Deno.exit(0);
