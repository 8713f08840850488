/** Puts a service and its history into one state after another and shows the page in each state. */
import type { Page } from "playwright-core";
import { READ_TOKEN, TOKEN } from "../support/service.ts";
import { go, signIn } from "./browser.ts";
import type { Scene } from "./page_test_case.ts";
import { roster } from "./world.ts";

type Stage = Pick<Scene, "service" | "database" | "tab">;
type Look = (state: string, page: Page) => Promise<void>;

/**
 * Changes the service step by step, from no imports to a stopped service, and calls `look` in each state. The service
 * has no mail settings.
 */
export async function everyState(scene: Stage, look: Look): Promise<void> {
  const { page } = await scene.tab();
  await page.getByLabel("Token").fill("wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("alert").waitFor();
  await look("wrong-token", page);
  await signIn(page, TOKEN);
  await page.getByText("No imports yet.").waitFor();
  await look("no-import", page);
  await go(page, "#/imports", "Imports");
  await look("no-imports", page);
  await go(page, "#/settings-history", "Change history");
  await look("no-changes", page);
  await running(scene, page, look);
  await manyFailures(scene, page, look);
  await undone(scene, page, look);
  await reading(scene, look);
  await unreachable(scene, page, look);
}

async function running({ service, database }: Stage, page: Page, look: Look): Promise<void> {
  await go(page, "#/", "Overview");
  await database.sql`insert into rosterd.users (unique_id, login_source) values ('u0001', 'ldap')`;
  await database.sql.begin(async (sql) => {
    // This lock stops the import once it has compared the users and is about to lock them.
    await sql`select from rosterd.users where unique_id = 'u0001' for update`;
    await service.drop("autumn.csv", roster(1, 2_000));
    await page.getByRole("button", { name: "Scan folder now" }).click();
    await page.getByText("Comparing records with users and saving changes").waitFor();
    await look("running", page);
    await go(page, "#/imports/1", "autumn.csv");
    await look("running-import", page);
  });
  await page.getByRole("heading", { name: "Records" }).waitFor();
}

async function manyFailures({ service }: Stage, page: Page, look: Look): Promise<void> {
  const wrong = (number: number) => ({ email: `nobody at all, number ${number} of ten thousand` });
  await service.import("every-record-fails.csv", roster(10_001, 20_000, wrong));
  await go(page, "#/imports/2", "every-record-fails.csv");
  await page.getByRole("heading", { name: "10,000 failed records" }).waitFor();
  await look("many-failures", page);
}

async function undone({ service }: Stage, page: Page, look: Look): Promise<void> {
  await service.import("moved.csv", roster(1, 40, () => ({ city: "Hull" })));
  await go(page, "#/imports/3", "moved.csv");
  await page.getByRole("button", { name: "Undo this import…" }).click();
  await page.getByRole("dialog").waitFor();
  await look("undo-dialog", page);
  await page.getByRole("button", { name: "Undo import" }).click();
  await page.getByText(/^Undone by admin on /).waitFor();
  await look("undone", page);
}

async function reading(scene: Stage, look: Look): Promise<void> {
  const { page } = await scene.tab();
  await signIn(page, READ_TOKEN);
  await go(page, "#/imports/2", "every-record-fails.csv");
  await look("read-token", page);
  await page.context().close();
}

/** Stops the database, then the service. */
async function unreachable({ service, database }: Stage, page: Page, look: Look): Promise<void> {
  await go(page, "#/", "Overview");
  await database.refuse();
  await (await service.fetch("/imports")).body?.cancel();
  await lookNow(page);
  await page.getByText("Imports are not possible right now").waitFor({ timeout: 30_000 });
  await look("database-unreachable", page);
  await page.reload();
  await page.getByText("Recent imports cannot be shown right now.").waitFor();
  await look("database-unreachable-overview", page);
  await go(page, "#/imports", "This page cannot be shown right now");
  await look("database-unreachable-imports", page);
  await service.stop();
  await lookNow(page);
  await page.getByText("The service is not responding.").first().waitFor({ timeout: 30_000 });
  await look("service-unreachable", page);
}

/** Makes the page poll immediately, as a tab does when it becomes visible again. */
async function lookNow(page: Page): Promise<void> {
  await page.evaluate('document.dispatchEvent(new Event("visibilitychange"))');
}
