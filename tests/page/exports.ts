/**
 * The exports of eight systems in `tests/testdata/`, set up using only the page: drop the sample, answer the questions
 * that only the office can answer, and click once. Afterwards, the service imports the same file into an empty
 * database.
 */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { type Case, readCases } from "../e2e/testdata_cases.ts";
import { emptyTables } from "../support/postgres.ts";
import { checkPage, drop } from "./check_page.ts";
import { pageTest, type Scene } from "./page_test_case.ts";

interface Export {
  name: string;
  /** The answers that the test changes; all others are accepted as suggested. */
  answers: [label: RegExp, answer: string][];
  /** Columns for which the case's `settings.json` contains more entries than the page asks about. */
  except: string[];
}

/** The other six systems take too long for an ordinary test. */
export const ORDINARY = ["student_system_report", "snipe_it_users"];

const EXPORTS: Export[] = [
  {
    name: "student_system_report",
    answers: [[/^Exchange .*means/, "1"], [/^Leave of absence .*means/, "0"]],
    except: ["user_type_id"],
  },
  { name: "hr_export", answers: [[/^No header for login_source/, "ad"]], except: ["user_type_id", "phone_cell"] },
  { name: "moodle_users", answers: [], except: ["login_source"] },
  { name: "canvas_sis_users", answers: [[/^No value in login_source/, "saml"]], except: ["user_type_id"] },
  {
    name: "school_data_sync_students",
    answers: [[/^Column for Secondary Email/, "email"], [/^No header for login_source/, "entra"]],
    except: ["user_type_id"],
  },
  { name: "oneroster_users", answers: [[/^Column for identifier/, "student_no"]], except: ["user_type_id"] },
  { name: "koha_patrons", answers: [[/^No header for login_source/, "library"]], except: ["user_type_id"] },
  {
    name: "snipe_it_users",
    answers: [[/^Column for LDAP Sync/, "login_source"], [/^Column for Phone/, "employee_phone"]],
    except: ["login_source"],
  },
];

/** Registers a test that sets up the given exports one after another in one browser. */
export function exportsTest(name: string, isWanted: (name: string) => boolean): void {
  pageTest(name, {}, async (scene) => {
    const { page, assertQuiet } = await checkPage(scene);
    const cases = new Map((await readCases()).map((one) => [one.name, one]));
    for (const one of EXPORTS.filter(({ name }) => isWanted(name))) {
      await setUp(page, one, cases.get(one.name)!);
      await assertImports(scene, one, cases.get(one.name)!);
      await startOver(scene);
    }
    // The page may request an import that startOver has removed.
    assertQuiet(404);
  });
}

async function setUp(page: Page, { answers }: Export, { bytes, expected: { report } }: Case): Promise<void> {
  await drop(page, report.file, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  await page.getByRole("heading", { name: "Set up this export" }).waitFor();
  for (const aside of await page.locator("#check-setup details").all()) await aside.locator("summary").click();
  for (const [label, answer] of answers) {
    const control = page.getByLabel(label);
    const isChoice = await control.and(page.locator("select")).count() === 1;
    await (isChoice ? control.selectOption(answer) : control.fill(answer));
  }
  await page.getByRole("button", { name: "Apply and check again" }).click();
  await page.getByText("The settings were saved, and the file was checked again.").waitFor();
  assert.equal(await page.getByText(/would (fail|be rejected)/).count(), 0);
  await page.getByText(/^\d+ users would change\. No data was changed\.$/).waitFor();
}

async function assertImports(scene: Scene, { name, except }: Export, { bytes, expected }: Case): Promise<void> {
  const { report: { file, records, skipped }, users } = expected;
  const { status, created, failed } = await scene.service.import(file, bytes);
  assert.deepEqual([status, created, failed], ["done", records - skipped, 0], name);
  const rows = await scene.database.sql`select *, date_of_birth::text from rosterd.users`;
  const stored = new Map(rows.map((row) => [row.unique_id, row]));
  const compared = users!.columns.flatMap((column, at) =>
    column === "archived" || except.includes(column) ? [] : [{ column, at }]
  );
  assert.ok(compared.length >= 5, name);
  const wanted = users!.rows.filter(([id]) => stored.has(id));
  assert.equal(wanted.length, created, name);
  for (const row of wanted) {
    for (const { column, at } of compared) {
      const value = stored.get(row[0])![column];
      assert.equal(value === null ? null : String(value), row[at], `${name}: ${column} of ${row[0]}`);
    }
  }
}

/** Removes the users and restores the settings that the page changed. */
async function startOver({ service, database }: Scene): Promise<void> {
  await emptyTables(database);
  const body = JSON.stringify({ header_aliases: null, value_maps: null, defaults: null, date_format: null });
  const headers = { "content-type": "application/merge-patch+json" };
  const answer = await service.fetch("/settings", { method: "PATCH", body, headers });
  await answer.body?.cancel();
  assert.ok(answer.ok);
}
