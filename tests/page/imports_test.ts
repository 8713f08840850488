import assert from "node:assert/strict";
import { until } from "../support/until.ts";
import { go } from "./browser.ts";
import { pageTest, textOf } from "./page_test_case.ts";

/** A user in the roster. */
const KNOWN = "1001";
const BAD = await Deno.readTextFile(new URL("../testdata/first_import/upload.csv", import.meta.url));

pageTest(
  "The page follows an import without a reload: first its stage, then its counts and failures",
  {},
  async (scene) => {
    const { service, database } = scene;
    const { page, assertQuiet } = await scene.admin();
    await page.getByText("No imports yet.").waitFor();
    await page.getByText("Drop a roster into").waitFor();
    await database.sql`insert into rosterd.users (unique_id, login_source) values (${KNOWN}, 'ldap')`;
    await database.sql.begin(async (sql) => {
      // This lock stops the import at the point where it has compared the users and wants to lock them.
      await sql`select from rosterd.users where unique_id = ${KNOWN} for update`;
      await service.drop("autumn.csv", BAD);
      await page.getByRole("button", { name: "Scan folder now" }).click();
      await page.getByText("autumn.csv is being imported").waitFor();
      await page.getByText("Comparing records with users and saving changes").waitFor();
      await page.getByRole("progressbar", { name: "Progress of the import" }).waitFor();
      await until(
        "it is announced",
        async () => (await textOf(page, "#announcer")).includes("An import of autumn.csv is running"),
      );
    });
    const row = page.getByRole("row", { name: /autumn\.csv/ });
    await row.getByText("Failed records").waitFor();
    await row.getByRole("link", { name: "5 failed: show them" }).waitFor();
    assert.match(await row.innerText(), /\t3\t1\t0\t0\t5$/);
    assert.equal(await page.getByText("is being imported").count(), 0);
    await until(
      "it is announced",
      async () =>
        (await textOf(page, "#announcer")) ===
          "autumn.csv: Failed records, 3\u00a0created, 1\u00a0updated, 5\u00a0failed",
    );

    await row.getByRole("link", { name: "autumn.csv" }).click();
    await page.getByRole("heading", { level: 1, name: "autumn.csv" }).waitFor();
    const failures = page.getByRole("table", { name: "Failed records, by line" });
    assert.deepEqual(await failures.getByRole("columnheader").allInnerTexts(), [
      "Line",
      "unique_id",
      "Column",
      "Code",
      "Since",
      "Reason",
    ]);
    const { failures: listed } = await service.get<
      { failures: { line: number; problems: { code: string; reason: string }[] }[] }
    >("/imports/1/failures");
    const texts = await failures.getByRole("row").allInnerTexts();
    const problems = listed.flatMap(({ line, problems }) => problems.map((problem) => ({ line, ...problem })));
    assert.equal(texts.length, problems.length + 1);
    for (const { line, code, reason } of problems) {
      assert.ok(
        texts.some((text) => text.startsWith(`${line}\t`) && text.includes(code) && text.includes(reason)),
        `${line} ${reason}`,
      );
    }
    const cells = texts.slice(1).map((text) => text.split("\t"));
    assert.ok(cells.some(([line], at) => line === cells[at + 1]?.[0]), "a record with several problems");
    assert.deepEqual(cells.map((row) => row[4]), cells.map(() => "new"));
    await page.getByText("Settings used").click();
    const settings = page.getByRole("table", { name: "Settings at the start of the import" }).getByRole("row");
    assert.match(await settings.nth(1).innerText(), /^Scan interval/, "in the order of the form");
    assertQuiet();
  },
);

pageTest("The failed-records file is downloaded byte for byte, under its name in bak", {}, async (scene) => {
  const entry = await scene.service.import("autumn.csv", BAD);
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/1", "autumn.csv");
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download failed records" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), entry.failed_file);
  const bytes = await Deno.readFile(await download.path());
  assert.deepEqual(bytes, await Deno.readFile(`${scene.service.upload}/bak/${entry.failed_file}`));
  assertQuiet();
});

pageTest("The page says when a failed-records file is no longer in bak", {}, async (scene) => {
  const entry = await scene.service.import("autumn.csv", BAD);
  await Deno.remove(`${scene.service.upload}/bak/${entry.failed_file}`);
  const { page, assertQuiet } = await scene.admin();
  await go(page, "#/imports/1", "autumn.csv");
  await page.getByRole("button", { name: "Download failed records" }).click();
  await page.getByRole("alert").getByText("The failed records of this import are no longer in bak.").waitFor();
  assertQuiet(410);
});

pageTest(
  "Hundreds of failures are shown in pages, with buttons for the next and the previous page",
  {},
  async (scene) => {
    const lines = Array.from({ length: 230 }, (_, number) => `u${number},,Ottawa`);
    await scene.service.import("bad.csv", `unique_id,login_source,city\n${lines.join("\n")}\n`);
    const { page, assertQuiet } = await scene.admin();
    await go(page, "#/imports/1", "bad.csv");
    const first = page.getByRole("table").getByRole("row").nth(1);
    assert.match(await first.innerText(), /^2\t/);
    assert.equal(await page.getByRole("table").getByRole("row").count(), 11, "ten records and the headings");
    await page.getByRole("button", { name: "Show all 230 failed records" }).click();
    const next = page.getByRole("button", { name: "Next failed records" });
    await next.click();
    await page.getByText("Page 2").waitFor();
    assert.match(await first.innerText(), /^102\t/);
    await next.click();
    await page.getByText("Page 3").waitFor();
    assert.match(await first.innerText(), /^202\t/);
    assert.equal(await next.isDisabled(), true);
    await page.getByRole("button", { name: "Previous failed records" }).click();
    await page.getByText("Page 2").waitFor();
    assert.match(await first.innerText(), /^102\t/);
    assertQuiet();
  },
);
