import assert from "node:assert/strict";
import { type Failure, noCounts } from "../../src/domain/outcome.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import { composeDigest } from "../../src/smtp/digest.ts";
import { composeImport, type FileNote } from "../../src/smtp/message.ts";

const NOTHING = { failed: null, held: null, changes: null };

function entry(changes: Partial<ImportEntry> = {}): ImportEntry {
  return {
    ...noCounts(),
    id: 12,
    feed: "",
    file: "roster.csv",
    status: "failed_records",
    reason: null,
    warnings: [],
    uploaded_by: null,
    sha256: null,
    bytes: null,
    encoding: "UTF-8",
    delimiter: ",",
    started_at: "2026-11-23T18:45:00.000Z",
    finished_at: "2026-11-23T18:45:01.000Z",
    undone_at: null,
    bak_file: "roster.20261123T184500Z.csv",
    failed_file: null,
    mail: "waiting",
    hold: null,
    approves: null,
    decisions: [],
    settings: DEFAULT_SETTINGS,
    ...changes,
  };
}

function failure(line: number, changes: Partial<Failure> = {}): Failure {
  const problems: Failure["problems"] = [{ column: "email", code: "9019", reason: "the email is taken" }];
  return { line, unique_id: `u-${line}`, problems, ...changes };
}

function failedFile(fate: FileNote["fate"]): FileNote {
  return { name: "roster.20261123T184500Z.failed.csv", fate };
}

Deno.test("the mail about failed records lists counts, failures and next steps", () => {
  const imported = {
    entry: entry({ records: 120, created: 10, updated: 7, unchanged: 100, failed: 3, permits_released: 2 }),
    failures: [
      failure(4),
      failure(17, {
        unique_id: null,
        problems: [
          { column: "unique_id", code: "9013", reason: "unique_id is missing" },
          { column: "province", code: "9033", reason: 'must be two letters, not "Ontario"' },
        ],
      }),
      failure(120, { problems: [{ column: null, code: "malformed", reason: "7 values for 8 columns" }] }),
    ],
  };
  const { subject, text } = composeImport("failures", imported, { ...NOTHING, failed: failedFile("attached") });
  assert.equal(subject, "rosterd: roster.csv: 3 of 120 records failed");
  assert.equal(
    text,
    `The file "roster.csv" was imported.
3 of 120 records failed and changed nothing.
Everything else was applied.

Counts
  Records             120
  Created              10
  Updated               7
  Unchanged           100
  Archived              0
  Reactivated           0
  Held                  0
  Skipped (repeated)    0
  Failed                3
  Permits released      2

Failed records
  Line  unique_id  Column     Code       Reason
     4  u-4        email      9019       the email is taken
    17  -          unique_id  9013       unique_id is missing
                   province   9033       must be two letters, not "Ontario"
   120  u-120      -          malformed  7 values for 8 columns

  All failed records: see the attached file roster.20261123T184500Z.failed.csv.

What to do next
  1. Open the attached file in a spreadsheet. The last columns, rosterd_…, say what is wrong with each record.
  2. Correct the values. If a record could not be read, its text is in rosterd_record: type it into the other columns.
     You can keep the rosterd_… columns; they are ignored. If a value begins with ', do not remove it: it keeps the
     spreadsheet from changing the value.
  3. Save it as CSV (in Excel: CSV UTF-8) and drop it into the upload folder, under any name that ends in .csv.

rosterd, import 12, 2026-11-23 18:45 UTC
`,
  );
});

Deno.test("one record is named in the singular", () => {
  const imported = { entry: entry({ records: 1, failed: 1 }), failures: [failure(2)] };
  const { subject, text } = composeImport("failures", imported, NOTHING);
  assert.equal(subject, "rosterd: roster.csv: 1 of 1 record failed");
  assert.match(text, /^1 of 1 record failed and changed nothing\.$/m);
});

Deno.test("only the first twenty failures are shown, with the total", () => {
  const failures = Array.from({ length: 50 }, (_, index) => failure(index + 2));
  const { text } = composeImport("failures", { entry: entry({ records: 9000, failed: 3000 }), failures }, NOTHING);
  assert.match(text, /^The first 20 of 3,000 failed records$/m);
  assert.match(text, /u-21 /);
  assert.doesNotMatch(text, /u-22 /);
});

const fates: [FileNote["fate"], RegExp, RegExp][] = [
  ["gzipped", /: see the attached file roster\.\S+\.failed\.csv\.gz\. Unpack it first\.$/m, /Unpack the attached file/],
  ["too_large", /too large to attach\. It is in the folder "bak" .* roster\.\S+\.failed\.csv\./, /Open the file/],
  ["refused", /refused the attachment\. The file is in the folder "bak"/, /Open the file/],
  ["unreadable", /could not be read for this email\. It was saved in the folder "bak"/, /Open the file/],
];
for (const [fate, sentence, step] of fates) {
  Deno.test(`the text says where the failed records are when they are ${fate}`, () => {
    const imported = { entry: entry({ records: 9, failed: 9 }), failures: [] };
    const { text } = composeImport("failures", imported, { ...NOTHING, failed: failedFile(fate) });
    assert.match(text, sentence);
    assert.match(text, step);
  });
}

Deno.test("the mail about a rejected file names the reason, the line, and what to do", () => {
  const reason = { code: "cut_off", text: "looks cut off at line 41", line: 41 };
  const imported = { entry: entry({ status: "rejected", reason }), failures: [] };
  const { subject, text } = composeImport("rejected", imported, NOTHING);
  assert.equal(subject, "rosterd: roster.csv: rejected");
  assert.match(text, /^The file "roster\.csv" was rejected\. Nothing was applied\.$/m);
  assert.match(text, /^Reason: looks cut off at line 41$/m);
  assert.match(text, /Correct the file at line 41, or export the roster again\./);
  assert.match(text, /It is in the folder "bak" inside the upload folder, as roster\.20261123T184500Z\.csv\.$/m);
});

Deno.test("the line of a rejection is added if the reason does not name it", () => {
  const reason = { code: "header", text: "the header cannot be used", line: 3 };
  const { text } = composeImport("rejected", { entry: entry({ status: "rejected", reason }), failures: [] }, NOTHING);
  assert.match(text, /^Reason: the header cannot be used \(line 3\)$/m);
});

Deno.test("the number of archivals on hold includes missing users", () => {
  const counts = { records: 900, updated: 859, held: 41, missing_held: 2 };
  const imported = { entry: entry({ status: "held", ...counts }), failures: [] };
  const held: FileNote = { name: "held.csv", fate: "attached" };
  const { subject, text } = composeImport("held", imported, { ...NOTHING, held });
  assert.equal(subject, "rosterd: roster.csv: 43 archivals on hold");
  assert.match(text, /This file would disable or archive 43 users\./);
  assert.match(text, /All users on hold: see the attached file held\.csv\./);
  assert.match(text, /rosterd imports approve 12$/m);
  assert.match(text, /rosterd imports discard 12$/m);
});

const REASON = 'of login source "ldap" 43 users would have lost access, where 300 are active';

/** An import that held 43 users, two of them missing. */
function heldEntry(state: "open" | "approved" | "discarded" = "open"): ImportEntry {
  return entry({
    status: "held",
    ...{ records: 900, updated: 859, held: 41, missing_held: 2 },
    warnings: [{ code: "archivings_held", text: `archivings are held: ${REASON}` }],
    hold: {
      ...{ kind: "access", state, reason: REASON, columns: [] },
      ...{ ended_at: state === "open" ? null : "2026-11-24T08:00:00.000Z", ended_by: null },
    },
  });
}

Deno.test("the mail about a held file names the columns, with examples, and how to decide", () => {
  const held = entry({
    ...{ status: "held", records: 900, held: 900 },
    warnings: [{ code: "changes_held", text: "the file is on hold" }],
    hold: {
      ...{ kind: "changes", state: "open", reason: "email would change", columns: [], ended_at: null, ended_by: null },
    },
  });
  const examples = [{ unique_id: "u1", before: "a@x.org", after: "a@y.org" }, {
    unique_id: "u2",
    before: "b",
    after: null,
  }];
  const heldColumns = [{ column: "email", users: 800, known_users: 850, examples }];

  const { subject, text } = composeImport("held", { entry: held, failures: [], heldColumns }, NOTHING);

  assert.equal(subject, "rosterd: roster.csv: the file is on hold");
  assert.match(text, /^The file "roster.csv" was put on hold.\nNothing of it is applied until an admin approves it.\n/);
  assert.match(text, /\nReason: email would change.\n/);
  assert.match(text, /\nemail: would change for 800 of 850 known users\n {2}unique_id {2}Before {3}After\n/);
  assert.match(text, /\n {2}u1 {9}a@x.org {2}a@y.org\n {2}u2 {9}b {8}\(cleared\)\n/);
  assert.match(text, /- If the roster is right: {2}rosterd imports approve 12\n/);
  assert.doesNotMatch(text, /Warnings|Counts/);
});

Deno.test("the mail about archivals on hold says how many, why, who, and how to decide", () => {
  const held: FileNote = { name: "roster.20261123T184500Z.held.csv", fate: "attached" };
  const { subject, text } = composeImport("held", { entry: heldEntry(), failures: [] }, { ...NOTHING, held });
  assert.equal(subject, "rosterd: roster.csv: 43 archivals on hold");
  assert.equal(
    text,
    `The file "roster.csv" was imported.
43 users would lose access. The change is on hold until an admin approves or discards it.
Everything else was applied.

Counts
  Records             900
  Created               0
  Updated             859
  Unchanged             0
  Archived              0
  Reactivated           0
  Held                 41
  Skipped (repeated)    0
  Failed                0
  Missing, held         2

On hold
  This file would disable or archive 43 users. The archive guard put the change on hold:
  of login source "ldap" 43 users would have lost access, where 300 are active.
  Nothing happens to these users until an admin approves or discards the change.

  All users on hold: see the attached file roster.20261123T184500Z.held.csv.

What to do next
  Check whether the roster is right about these users. Until an admin decides, no other file can archive or disable
  users. To decide, run one of these on the machine where rosterd runs:
  - If the roster is right:  rosterd imports approve 12
  - If the roster is wrong:  rosterd imports discard 12
  Or use HTTP with the admin token: POST /imports/12/approve or POST /imports/12/discard

rosterd, import 12, 2026-11-23 18:45 UTC
`,
  );
});

for (const fate of ["gzipped", "too_large", "refused", "unreadable"] as const) {
  Deno.test(`the mail does not point to bak for a list of held users that is ${fate}`, () => {
    const held: FileNote = { name: "roster.T.held.csv", fate };
    const { text } = composeImport("held", { entry: heldEntry(), failures: [] }, { ...NOTHING, held });
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
  Deno.test(`a late mail asks for no decision when the hold is ${state}`, () => {
    const { text } = composeImport("held", { entry: heldEntry(state), failures: [] }, NOTHING);
    assert.match(
      text,
      new RegExp(`43 users would lose access\\. The change was on hold; an admin has since ${state} it\\.`),
    );
    assert.doesNotMatch(text, /imports approve|until an admin/);
  });
}

Deno.test("the mail about an import without failures shows its warnings", () => {
  const warnings = [{ code: "unknown_columns", text: "1 column is unknown: emial (email?)" }];
  const imported = { entry: entry({ status: "done", records: 5, unchanged: 5, warnings }), failures: [] };
  const { subject, text } = composeImport("imported", imported, NOTHING);
  assert.equal(subject, "rosterd: roster.csv: imported");
  assert.match(text, /Every record was applied\./);
  assert.match(text, /- 1 column is unknown: emial \(email\?\)/);
  assert.match(text, /Nothing\. This email is for your information\./);
});

Deno.test("line breaks, direction marks and escape codes of names and values are shown as codes", () => {
  const file = "x\r\nBcc: spy@evil.example\u001b[31m\u202e.csv";
  const nasty = failure(2, {
    unique_id: "a\nb",
    problems: [{ column: "city", code: "9033", reason: "bad\r\nvalue\u0007" }],
  });
  const imported = { entry: entry({ file, records: 1, failed: 1 }), failures: [nasty] };
  const { subject, text } = composeImport("failures", imported, NOTHING);
  const shown = "x\\u{d}\\u{a}Bcc: spy@evil.example\\u{1b}[31m\\u{202e}.csv";
  assert.equal(subject, `rosterd: ${shown}: 1 of 1 record failed`);
  assert.ok(text.includes(`The file "${shown}" was imported.`));
  assert.match(text, /a\\u\{a\}b .*bad\\u\{d\}\\u\{a\}value\\u\{7\}/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u202e]/);
});

Deno.test("a value of 64 KiB is cut", () => {
  const long = failure(2, { problems: [{ column: "city", code: "9030", reason: "é".repeat(65_536) }] });
  const { text } = composeImport("failures", { entry: entry({ records: 1, failed: 1 }), failures: [long] }, NOTHING);
  assert.ok(text.length < 2_000);
});

Deno.test("a digest lists imports and counts those that it does not name", () => {
  const reason = { code: "workbook", text: "this is an Excel workbook: save it as CSV", line: null };
  const { subject, text } = composeDigest([
    { kind: "failures", entry: entry({ records: 9, failed: 2 }), failedFile: "roster.T.failed.csv" },
    { kind: "rejected", entry: entry({ file: "b\n.csv", status: "rejected", reason }), failedFile: null },
    { kind: "alert", subject: "rosterd: no file for 24 hours", feed: "" },
  ], 300);
  assert.equal(subject, "rosterd: 300 imports need attention");
  assert.match(
    text,
    /^ {2}- roster\.csv: 2 of 9 records failed \(import 12\)\n {4}failed records: bak\/roster\.T\.failed/m,
  );
  assert.match(text, /- b\\u\{a\}\.csv: rejected: this is an Excel workbook: save it as CSV \(import 12\)/);
  assert.match(text, /- rosterd: no file for 24 hours/);
  assert.match(text, /^ {2}and 297 more$/m);
  assert.equal(composeDigest([], 1).subject, "rosterd: 1 import needs attention");
});
