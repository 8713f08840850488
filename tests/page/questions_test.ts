/** A clerk's seven questions, each answered by clicking (docs/page.md#seven-questions). */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { pageTest, type Scene } from "./page_test_case.ts";
import { roster } from "./world.ts";

const SETTINGS = { settings: { archive_inactive_users: true } };

type Changes = Parameters<typeof roster>[2];

/** An earlier date, such as 2026-11-30. */
function dayBefore(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

/**
 * Five nights: u0007 always fails, u0005 moves, u0003 is archived, 25 users are held and approved, and a roster is
 * halved.
 */
async function fiveNights({ service, database: { sql } }: Scene): Promise<void> {
  const night = async (days: number, to: number, changes: Changes) => {
    const { id } = await service.import(`night-${days}.csv`, roster(1, to, changes));
    const at = `${dayBefore(days)}T00:00:01Z`;
    await sql`update rosterd.import_failures set since = ${at} where import_id = ${id} and since > ${at}`;
    await sql`update rosterd.imports set started_at = ${at}, finished_at = ${at} where id = ${id}`;
    return id;
  };
  const wrong = (number: number) => number === 7 ? { email: "wrong" } : {};
  const moved = (number: number) => number === 5 ? { city: "Hull" } : wrong(number);
  const archived = (number: number) => number === 3 ? { active: 0 as const } : moved(number);
  await night(4, 60, wrong);
  await night(3, 60, moved);
  await night(2, 60, archived);
  const held = await night(1, 60, (number) => number > 35 ? { active: 0 } : archived(number));
  await (await service.fetch(`/imports/${held}/approve`, { method: "POST" })).body?.cancel();
  await service.set({ interval_minutes: 30 });
  await night(0, 30, archived);
}

/** Searches for a person and returns the newest entry in the timeline. */
async function newestOf(page: Page, id: string, name: string): Promise<string> {
  await page.getByLabel("Find a person").fill(id);
  await page.keyboard.press("Enter");
  await page.getByRole("link", { name: id, exact: true }).click();
  await page.getByRole("heading", { level: 1, name }).waitFor();
  return (await page.locator(".time-line > li").first().innerText()).replace(/\s+/g, " ");
}

pageTest("Each of the seven questions of a clerk is answered within three clicks", SETTINGS, async (scene) => {
  await fiveNights(scene);
  const { page, assertQuiet } = await scene.admin();

  // What happened last night? Is tonight's roster half as long as usual?
  const news = page.locator("#news .lead");
  await news.waitFor();
  assert.match(
    await news.innerText(),
    /^1 import, .+: 30 records \(usually 60\), no user changed, 1 record failed \(none new\)\.$/,
  );

  // Which records failed every night this week?
  const failing = page.getByRole("region", { name: "Failing for 3 nights or more: 1 record" });
  const row = (await failing.getByRole("row").nth(1).innerText()).replaceAll("\n", "");
  assert.match(row, /^u0007\tPerson Number 7\tEmail "wrong" must look like .*\t/);
  const [year, , day] = dayBefore(4).split("-");
  assert.match(row, new RegExp(`\\t\\w+,? ${Number(day)} \\w+ ${year}`));

  // Why was this person archived?
  assert.match(await newestOf(page, "u0003", "Person Number 3"), /import 3, night-2\.csv: archived active 1 to 0/);
  assert.match(
    await newestOf(page, "u0040", "Person Number 40"),
    /import 4, night-1\.csv: archived active 1 to 0 Approved by admin, /,
  );

  // When did their record last change, and which file changed it?
  assert.match(await newestOf(page, "u0005", "Person Number 5"), /import 2, night-3\.csv: updated city Ottawa to Hull/);

  // What was in Tuesday's file?
  await page.getByRole("link", { name: "Overview" }).click();
  await page.getByText("The last six weeks as a table").click();
  await page.getByRole("table", { name: "The last six weeks, newest first" }).getByRole("link").nth(3).click();
  await page.getByRole("heading", { level: 1, name: "night-3.csv" }).waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: /^night-3\.\w+\.csv$/ }).click(),
  ]);
  assert.match(await Deno.readTextFile(await download.path()), /^unique_id,login_source,.*\nu0001,ldap,Person,/);

  // Who approved?
  await page.getByRole("link", { name: "Imports" }).first().click();
  await page.getByRole("link", { name: "night-1.csv" }).click();
  await page.getByText(/^Approved by admin on .*: 25 users archived/).waitFor();

  // Who changed this setting?
  await page.getByRole("link", { name: "Settings", exact: true }).click();
  await page.getByRole("link", { name: "Change history" }).click();
  await page.getByRole("row", { name: /Scan interval.*1440.*30.*admin/ }).waitFor();
  assertQuiet();
});
