/** Takes pictures of the emails, narrow and wide, light and dark: `deno run -A tests/smtp/pictures.ts FOLDER`. */
import { composeDecided } from "../../src/smtp/decided_mail.ts";
import { composeDigest } from "../../src/smtp/digest.ts";
import { html } from "../../src/smtp/html.ts";
import { composeImport, type Words } from "../../src/smtp/message.ts";
import { startBrowser } from "../page/browser.ts";
import { DECISION, entry, failedFile, group, heldFile, heldImport, mailed, NO_FILES } from "./samples.ts";

const PAGE = "https://rosterd.example.edu";
const LONG = `email "${"a-very-long-address-without-a-place-to-break".repeat(2)}@example.edu" is taken by user "00077"`;

const MAILS: Record<string, Words> = {
  failures: composeImport(
    "failures",
    mailed({
      ...{ feed: "students", file: "roster.csv", records: 12_408, failed: 37, failed_new: 3, failed_fixed: 5 },
      ...{
        updated: 120,
        unchanged: 12_251,
        warnings: [{ code: "kept", text: "email of 412 users differs from the roster and was kept" }],
      },
    }, {
      fresh: [
        group(),
        group({ line: 18, unique_id: "00124", name: "Grace Brewster Murray Hopper", reason: LONG }),
        group({ line: 90, unique_id: null, name: null, reason: "it has 7 values, but the header has 8 columns" }),
      ],
      known: [
        group({ records: 29, line: 2, reason: "login_source is missing", since: "2026-11-09T02:00:00.000Z" }),
        group({ records: 5, line: 40, unique_id: "00501", name: "Edsger Dijkstra", since: "2026-11-16T02:00:00.000Z" }),
      ],
    }),
    { ...NO_FILES, failed: failedFile("attached") },
    PAGE,
  ),
  all_failed: composeImport(
    "failures",
    mailed({ records: 29_999, failed: 29_999 }, {
      fresh: [group({ records: 29_999, line: 2, reason: "login_source is missing" })],
    }),
    { ...NO_FILES, failed: failedFile("gzipped") },
    PAGE,
  ),
  held: composeImport(
    "held",
    heldImport(),
    { ...NO_FILES, held: { name: "roster.T.held.csv", fate: "attached" } },
    PAGE,
  ),
  held_file: composeImport("held", heldFile(), NO_FILES, PAGE),
  rejected: composeImport(
    "rejected",
    mailed({ status: "rejected", reason: { code: "cut_off", text: "looks cut off at line 41", line: 41 } }),
    NO_FILES,
    "",
  ),
  imported: composeImport("imported", mailed({ status: "done", records: 5, unchanged: 5 }), NO_FILES, PAGE),
  decided: composeDecided(DECISION, entry(), PAGE),
  digest: composeDigest([
    {
      kind: "failures",
      entry: entry({ records: 9, failed: 2, failed_new: 1 }),
      earlier: [],
      failedFile: "roster.T.failed.csv",
    },
    { kind: "alert", subject: "rosterd: no file for 24 hours", feed: "" },
  ], 300),
};

if (import.meta.main) {
  const [folder = "."] = Deno.args;
  await Deno.mkdir(folder, { recursive: true });
  await using browser = await startBrowser();
  for (const [name, { subject, parts }] of Object.entries(MAILS)) {
    for (const width of [600, 390]) {
      for (const colorScheme of ["light", "dark"] as const) {
        const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme });
        await page.setContent(html(subject, parts));
        await page.screenshot({ path: `${folder}/${name}-${width}-${colorScheme}.png`, fullPage: true });
        await page.close();
      }
    }
  }
}
