/** Imports files from the page: a roster after its check, and the corrected failed records. */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { checkPage, choose } from "./check_page.ts";
import { pageTest } from "./page_test_case.ts";
import { roster } from "./world.ts";

pageTest("A checked file is imported with two clicks, and its corrected records with two more", {}, async (scene) => {
  const { page, assertQuiet } = await checkPage(scene);
  await choose(page, "new.csv", roster(1, 3, (number) => number === 2 ? { email: "wrong" } : {}));
  await page.getByRole("button", { name: "Import this file…" }).click();
  const dialog = page.getByRole("dialog", { name: "Import new.csv now?" });
  await dialog.getByText("2 users would change.").waitFor();
  await dialog.getByRole("button", { name: "Import this file" }).click();
  await page.getByRole("heading", { name: "1 failed record" }).waitFor();
  const chooser = page.waitForEvent("filechooser");
  await page.getByText("Import the corrected file…").click();
  const corrected = { name: "corrected.csv", mimeType: "text/csv", buffer: Buffer.from(roster(2, 2)) };
  await (await chooser).setFiles(corrected);
  await page.getByRole("dialog", { name: "Import corrected.csv now?" })
    .getByRole("button", { name: "Import this file" }).click();
  await page.getByRole("heading", { name: "corrected.csv", exact: true }).waitFor();
  const users = await scene.database.sql`select unique_id from rosterd.users order by unique_id`;
  assert.deepEqual(users.map(({ unique_id }) => unique_id), ["u0001", "u0002", "u0003"]);
  const files = await scene.database.sql`select file, uploaded_by from rosterd.imports order by id`;
  assert.deepEqual(files.map(({ file, uploaded_by }) => [file, uploaded_by]), [
    ["new.csv", "admin"],
    ["corrected.csv", "admin"],
  ]);
  assertQuiet();
});
