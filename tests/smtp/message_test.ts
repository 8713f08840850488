/** Tests the text of each type of email. `pictures.ts` shows the layout. */
import assert from "node:assert/strict";
import { composeDecided } from "../../src/smtp/decided_mail.ts";
import { composeDigest } from "../../src/smtp/digest.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { FileNote } from "../../src/smtp/file_words.ts";
import { html } from "../../src/smtp/html.ts";
import { composeImport, type Words } from "../../src/smtp/message.ts";
import { plainText } from "../../src/smtp/plain_text.ts";
import { localMinute } from "../../src/smtp/text.ts";
import { DECISION, entry, failedFile, group, heldFile, heldImport, mailed, NO_FILES } from "./samples.ts";

function written({ subject, parts }: Words): { subject: string; text: string } {
  return { subject, text: plainText(parts) };
}

const compose = (...args: Parameters<typeof composeImport>) => written(composeImport(...args));

Deno.test("the mail about failed records lists new, known and fixed failures, with their dates", () => {
  const imported = mailed({
    records: 120,
    created: 10,
    updated: 7,
    unchanged: 66,
    failed: 37,
    failed_new: 3,
    failed_fixed: 5,
  }, {
    fresh: [
      group(),
      group({ line: 90, unique_id: null, name: null, reason: "it has 7 values, but the header has 8 columns" }),
    ],
    known: [group({ records: 29_999, line: 2, since: "2026-11-09T02:00:00.000Z", reason: "login_source is missing" })],
  });
  const files = { ...NO_FILES, failed: failedFile("attached") };
  const { subject, text } = compose("failures", imported, files, "https://rosterd.example.edu/");
  assert.equal(subject, "rosterd: roster.csv: 3 new, 34 known failures");
  assert.equal(
    text,
    `3 records failed for the first time in "roster.csv". Please correct them.

34 records still fail as before. Everything else was applied.

Open this import: https://rosterd.example.edu/#/imports/12

New failures: 3 records
  Records  Reason
      1 ×  data_of_birth "31/12/1999" must look like 1999-12-31
           line 17: 00123 (Ada Lovelace)
      1 ×  it has 7 values, but the header has 8 columns
           line 90

Still failing: 34 records
   Records  Reason
  29,999 ×  login_source is missing
            e.g. line 2: 00123 (Ada Lovelace), since 9 Nov 2026

Fixed
  5 failures from earlier files were fixed.

What to do next
  All failed records: see the attached file roster.20261123T184500Z.failed.csv.

  1. Open the attached file in a spreadsheet. The last columns, rosterd_…, explain the problems in each record.
  2. Correct the values. If a record could not be read, its text is in rosterd_record: type it into the other columns. You can keep the rosterd_… columns; they are ignored. If a value begins with an apostrophe ('), leave the apostrophe in place: it keeps the spreadsheet from changing the value.
  3. Save the file as CSV (in Excel: CSV UTF-8) and drop it into the upload folder, under any name that ends in .csv.

Counts
  Records    120
  Created     10
  Updated      7
  Unchanged   66
  Failed      37

rosterd, import 12, 23 Nov 2026, 18:45 UTC
`,
  );
});

const subjects: [what: string, counts: Partial<ImportEntry>, ending: string][] = [
  ["one new failure", { records: 9, failed: 1 }, "1 new failure"],
  ["one known failure", { records: 9, failed: 1, failed_new: 0 }, "1 known failure"],
  ["one of each", { records: 9, failed: 2, failed_new: 1 }, "1 new, 1 known failures"],
  ["many", { records: 99_999, failed: 12_345, failed_new: 12_000 }, "12,000 new, 345 known failures"],
  ["all records", { records: 40, failed: 40, failed_new: 2 }, "all 40 records failed"],
  ["the only record", { records: 1, failed: 1 }, "its only record failed"],
];
for (const [what, counts, ending] of subjects) {
  Deno.test(`the subject counts failures: ${what}`, () => {
    assert.equal(composeImport("failures", mailed(counts), NO_FILES, "").subject, `rosterd: roster.csv: ${ending}`);
  });
}

Deno.test("if all records failed, the mail says in red that the file was not imported", () => {
  for (const kind of ["failures", "imported"] as const) {
    const { subject, parts } = composeImport(kind, mailed({ records: 40, failed: 40 }), NO_FILES, "");
    assert.equal(subject, "rosterd: roster.csv: all 40 records failed");
    assert.deepEqual(parts[0], {
      kind: "lead",
      tone: "bad",
      text: 'All 40 records failed in "roster.csv". No records were applied.',
    });
    assert.doesNotMatch(plainText(parts), /imported/);
  }
});

Deno.test("a reminder counts and lists the failures from earlier files", () => {
  const imported = mailed({ status: "done", records: 5, unchanged: 5 }, { earlier: [group({ records: 2 })] });
  const { subject, text } = compose("failures", imported, NO_FILES, "");
  assert.equal(subject, "rosterd: roster.csv: 2 known failures");
  assert.match(text, /^Some records from earlier files have still not been applied\./);
  assert.match(
    text,
    /Unapplied records from earlier files\n.*\n {6}2 × .*\n.*e\.g\. line 17: 00123 \(Ada Lovelace\), since 23 Nov/,
  );
});

Deno.test("twenty groups of reasons are shown, and a sentence mentions the others", () => {
  const fresh = Array.from({ length: 21 }, (_, at) => group({ line: at + 2, unique_id: `u-${at + 2}` }));
  const { text } = compose("failures", mailed({ records: 9000, failed: 3000 }, { fresh }), NO_FILES, "");
  assert.match(text, /^New failures: 3,000 records$/m);
  assert.match(text, /u-21 /);
  assert.doesNotMatch(text, /u-22 /);
  assert.match(text, /There are more reasons; the file lists all of them\./);
});

const fates: [FileNote["fate"], RegExp, RegExp][] = [
  ["gzipped", /: see the attached file roster\.\S+\.failed\.csv\.gz\. Unpack it first\.$/m, /Unpack the attached file/],
  ["too_large", /too large to attach\. It is in the folder "bak" .* roster\.\S+\.failed\.csv\./, /Open the file/],
  ["refused", /refused the attachment\. The file is in the folder "bak"/, /Open the file/],
  ["unreadable", /could not be read for this email\. It was saved in the folder "bak"/, /Open the file/],
];
for (const [fate, sentence, step] of fates) {
  Deno.test(`the text says where the failed records are when they are ${fate}`, () => {
    const files = { ...NO_FILES, failed: failedFile(fate) };
    const { text } = compose("failures", mailed({ records: 9, failed: 8 }), files, "");
    assert.match(text, sentence);
    assert.match(text, step);
  });
}

Deno.test("the mail about a rejected file names the reason, the line, and what to do", () => {
  const reason = { code: "cut_off", text: "looks cut off at line 41", line: 41 };
  const { subject, text } = compose("rejected", mailed({ status: "rejected", reason }), NO_FILES, "");
  assert.equal(subject, "rosterd: roster.csv: rejected");
  assert.match(text, /^The file "roster\.csv" was rejected\. No records were applied\.$/m);
  assert.match(text, /^Reason: looks cut off at line 41$/m);
  assert.match(text, /Correct the file at line 41, or export the roster again\./);
  assert.match(text, /It is in the folder "bak" inside the upload folder, as roster\.20261123T184500Z\.csv\.$/m);
});

Deno.test("the line of a rejection is added if the reason does not name it", () => {
  const reason = { code: "header", text: "the header cannot be used", line: 3 };
  const { text } = compose("rejected", mailed({ status: "rejected", reason }), NO_FILES, "");
  assert.match(text, /^Reason: the header cannot be used \(line 3\)$/m);
});

Deno.test("the mail about held archivals begins with the decision, and lists the reason, the users and the commands", () => {
  const held: FileNote = { name: "roster.20261123T184500Z.held.csv", fate: "attached" };
  const { subject, text } = compose("held", heldImport(), { ...NO_FILES, held }, "https://rosterd.example.edu");
  assert.equal(subject, "rosterd: roster.csv: 43 archivals on hold");
  assert.equal(
    text,
    `Approve or discard: "roster.csv" would take access from 43 users.

The change is on hold until an admin approves or discards it. Everything else was applied.

Review and decide: https://rosterd.example.edu/#/imports/12

On hold: 43 users
  The archive guard put the change on hold: of login source "ldap" 43 users would have lost access, where 300 are active.

  User             Approving would                    Permits
  u-1              archive                                  2
  Grace Hopper
  u-2              archive (missing from the roster)        1
  Edsger Dijkstra

  and 41 more

  All users on hold: see the attached file roster.20261123T184500Z.held.csv.

What to do next
  Check whether the roster is right about these users. Until an admin decides, no other file can archive or disable users. To decide, open the import on the admin page, or run one of these on the machine where rosterd runs:

  - If the roster is right:  rosterd imports approve 12
  - If the roster is wrong:  rosterd imports discard 12

  Or use HTTP with the admin token: POST /imports/12/approve or POST /imports/12/discard

Counts
  Records        900
  Updated        859
  Held            41
  Missing, held    2

rosterd, import 12, 23 Nov 2026, 18:45 UTC
`,
  );
});

for (const fate of ["gzipped", "too_large", "refused", "unreadable"] as const) {
  Deno.test(`the mail does not point to bak for a list of held users that is ${fate}`, () => {
    const held: FileNote = { name: "roster.T.held.csv", fate };
    const { text } = compose("held", heldImport(), { ...NO_FILES, held }, "");
    assert.doesNotMatch(text, /"bak"/);
    if (fate === "gzipped") {
      return assert.match(text, /see the attached file roster\.T\.held\.csv\.gz\. Unpack it first\.$/m);
    }
    assert.match(text, /All users on hold: .*\. GET \/imports\/12\/held lists all of them\./);
    assert.match(text, /rosterd imports show 12$/m);
    assert.doesNotMatch(text, /attached file/);
  });
}

for (const state of ["approved", "discarded"] as const) {
  Deno.test(`a late mail asks for no decision if the hold is ${state}`, () => {
    const { text } = compose("held", heldImport(state), NO_FILES, "https://rosterd.example.edu");
    assert.match(text, /^The file "roster\.csv" would take access from 43 users\.$/m);
    assert.match(text, new RegExp(`The change was on hold; an admin has since ${state} it\\.`));
    assert.doesNotMatch(text, /imports approve|until an admin|Review and decide/);
  });
}

Deno.test("the mail about a decision names the decision, the admin, the time and the result", () => {
  const { subject, text } = written(composeDecided(DECISION, entry(), "https://rosterd.example.edu"));
  assert.equal(subject, "rosterd: roster.csv: hold approved");
  assert.equal(
    text,
    `The change on hold from "roster.csv" was approved by marta, 24 Nov 2026, 08:00 UTC.

Open this import: https://rosterd.example.edu/#/imports/12

Result
  Archived          40
  Disabled           3
  Permits released  12
  Left unchanged     0

rosterd, import 12, 23 Nov 2026, 18:45 UTC
`,
  );
});

Deno.test("the mail about an import without failures shows its warnings", () => {
  const warnings = [{ code: "unknown_columns", text: "1 column is unknown: emial (email?)" }];
  const imported = mailed({ status: "done", records: 5, unchanged: 5, warnings });
  const { subject, text } = compose("imported", imported, NO_FILES, "");
  assert.equal(subject, "rosterd: roster.csv: imported");
  assert.match(text, /Every record was applied\./);
  assert.match(text, /- 1 column is unknown: emial \(email\?\)/);
  assert.match(text, /Nothing\. This email is for your information\./);
});

Deno.test("the mail about a trial says that nothing was applied, and lists failures", () => {
  const { subject, text } = compose(
    "checked",
    mailed({ status: "checked", records: 9, failed: 2, failed_new: 1 }),
    NO_FILES,
    "",
  );
  assert.equal(subject, "rosterd: roster.csv: checked, not applied: 1 new, 1 known failures");
  assert.match(text, /No records were applied, because this is a trial/);
  assert.match(text, /^What would have happened$/m);
});

Deno.test("line breaks, direction marks and escape codes in names and values are shown as codes", () => {
  const file = "x\r\nBcc: spy@evil.example\u001b[31m\u202e.csv";
  const nasty = group({ unique_id: "a\nb", name: "c\u202ed", reason: "bad\r\nvalue\u0007" });
  const { subject, text } = compose(
    "failures",
    mailed({ file, records: 2, failed: 1 }, { fresh: [nasty] }),
    NO_FILES,
    "",
  );
  const shown = "x\\u{d}\\u{a}Bcc: spy@evil.example\\u{1b}[31m\\u{202e}.csv";
  assert.equal(subject, `rosterd: ${shown}: 1 new failure`);
  assert.ok(text.includes(`in "${shown}".`));
  assert.match(text, /bad\\u\{d\}\\u\{a\}value\\u\{7\}\n.*a\\u\{a\}b \(c\\u\{202e\}d\)/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
});

Deno.test("a value of 64 KiB is shortened", () => {
  const fresh = [group({ reason: "é".repeat(65_536) })];
  const { text } = compose("failures", mailed({ records: 2, failed: 1 }, { fresh }), NO_FILES, "");
  assert.ok(text.length < 2_000);
});

Deno.test("the HTML has the content of the text, escapes it, and loads nothing", () => {
  const fresh = [group({ name: `<img src="https://evil.example/x.png">`, reason: `email "<script>" & more` })];
  const imported = mailed({ records: 9, failed: 2, failed_new: 1, failed_fixed: 1 }, { fresh, known: [group()] });
  const { subject, parts } = composeImport(
    "failures",
    imported,
    { ...NO_FILES, failed: failedFile("attached") },
    "https://rosterd.example.edu",
  );
  const page = html(subject, parts);
  const words = (text: string) => text.replace(/^ *(?:[-]|\d\.) /gm, "").match(/[\p{L}\p{N}_.@/"<>&]+/gu)!.join(" ");
  const read = page.slice(page.indexOf("<body>")).replace(/<a [^>]*href="([^"]*)"[^>]*>([^<]*)<\/a>/g, "$2 $1")
    .replaceAll("<wbr>", "").replace(/<[^>]*>/g, " ").replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(
      /&quot;/g,
      '"',
    ).replace(
      /&amp;/g,
      "&",
    );
  assert.equal(words(read), words(plainText(parts)));
  assert.doesNotMatch(page, /<(?:img|script|link|iframe)|url\(|@import|src="/i);
  assert.deepEqual(page.match(/https?:[^"\s<&]*/g), [
    "https://rosterd.example.edu/#/imports/12",
    "https://evil.example/x.png",
  ]);
});

Deno.test("times are local, with the time zone", () => {
  const time = "2026-11-23T04:45:00.000Z";
  assert.equal(localMinute(time, "America/Toronto"), "22 Nov 2026, 23:45 (UTC-5)");
  assert.equal(localMinute(time, "Asia/Kolkata"), "23 Nov 2026, 10:15 (UTC+5:30)");
  assert.equal(localMinute(time, "UTC"), "23 Nov 2026, 04:45 UTC");
  assert.equal(localMinute("2026-07-01T22:00:00Z", "Europe/Berlin"), "2 Jul 2026, 00:00 (UTC+2)");
});

Deno.test("a digest lists imports and counts the remaining ones", () => {
  const reason = { code: "workbook", text: "this is an Excel workbook: save it as CSV", line: null };
  const earlier = [group({ records: 4 }), group({ records: 3, line: 9 })], none = { earlier: [], failedFile: null };
  const failing = entry({ records: 9, failed: 2, failed_new: 1 });
  const { subject, text } = written(composeDigest([
    { kind: "failures", entry: failing, earlier: [], failedFile: "roster.T.failed.csv" },
    { kind: "rejected", entry: entry({ file: "b\n.csv", status: "rejected", reason }), ...none },
    { kind: "failures", entry: entry({ file: "d.csv", status: "done", records: 9 }), earlier, failedFile: null },
    { kind: "decided", entry: entry({ file: "c.csv" }), what: "undone" },
    { kind: "alert", subject: "rosterd: no file for 24 hours", feed: "" },
  ], 300));
  assert.equal(subject, "rosterd: 300 imports need attention");
  assert.match(
    text,
    /^ {2}- roster\.csv: 1 new, 1 known failures \(import 12\); failed records: bak\/roster\.T\.failed/m,
  );
  assert.match(text, /- b\\u\{a\}\.csv: rejected: this is an Excel workbook: save it as CSV \(import 12\)/);
  assert.match(text, /- c\.csv: import undone \(import 12\)/);
  assert.match(text, /- d\.csv: 7 known failures \(import 12\)/);
  assert.match(text, /- rosterd: no file for 24 hours/);
  assert.match(text, /^ {2}- and 295 more$/m);
  assert.equal(composeDigest([], 1).subject, "rosterd: 1 import needs attention");
});

Deno.test("the mail about a held file names the columns, with examples, and how to decide", () => {
  const { subject, text } = compose("held", heldFile(), NO_FILES, "");

  assert.equal(subject, "rosterd: roster.csv: the file is on hold");
  assert.match(text, /^Approve or discard: the file "roster.csv" is on hold\.\n/);
  assert.match(text, /No records will be applied until an admin approves it/);
  assert.match(text, /Reason: email would change for 800/);
  assert.match(text, /email would change for 800 of 850 known users/i);
  assert.match(text, /00123 +ada\S+ +ada\S+\n.*00124 +grace\S+ +\(cleared\)/);
  assert.match(text, /rosterd imports approve 12/);
  assert.match(text, /newer rosters do not have to wait/i);
  assert.doesNotMatch(text, /Warnings|Counts/);
});
