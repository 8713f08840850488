/** Writes the mail about one import for the clerk who maintains the roster (docs/mail.md). */
import { bakWords, feedPath } from "../domain/feed.ts";
import type { ImportMailKind } from "../domain/mail.ts";
import { COUNT_NAMES, type Counts, type Failure, OUTCOMES, reasonWords } from "../domain/outcome.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { section, shown, table, utcMinute } from "./text.ts";

export interface MailedImport {
  entry: ImportEntry;
  failures: readonly Failure[];
}

export interface FileNote {
  /** Without the `.gz` of a gzipped attachment. */
  name: string;
  fate: "attached" | "gzipped" | "too_large" | "refused" | "unreadable";
}

export interface FileNotes {
  failed: FileNote | null;
  held: FileNote | null;
  /** What a trial would have changed. */
  changes: FileNote | null;
}

export interface Words {
  subject: string;
  text: string;
}

export const MAX_FAILURES_SHOWN = 20;
const MAX_WARNINGS_SHOWN = 20;

export function composeImport(kind: ImportMailKind, imported: MailedImport, files: FileNotes): Words {
  const { entry } = imported;
  const lines = [
    ...opening(entry),
    "",
    ...(entry.status === "rejected" ? [] : section(isTrial(entry) ? TRIAL_COUNTS : "Counts", countLines(entry))),
    ...heldSection(entry, files.held),
    ...changesSection(files.changes),
    ...failuresSection(imported, files.failed),
    ...warningsSection(entry),
    ...section("What to do next", nextSteps(entry, files)),
    signature(entry),
  ];
  return { subject: `rosterd: ${placeOf(entry)}: ${outcome(kind, entry)}`, text: lines.join("\n") + "\n" };
}

const TRIAL_COUNTS = "What would have happened";

function isTrial({ status }: ImportEntry): boolean {
  return status === "checked";
}

/** Where the upload was, such as `students/roster.csv`. */
export function placeOf({ feed, file }: Pick<ImportEntry, "feed" | "file">): string {
  return shown(feedPath(feed, file), 255 + feed.length);
}

/** The folder into which a clerk drops a file of this feed. */
function uploadFolderOf({ feed }: ImportEntry): string {
  return feed === "" ? "the upload folder" : `the folder "${feed}" inside the upload folder`;
}

/** The end of a mail's subject, and of an import's line in a digest. */
export function outcome(kind: ImportMailKind, entry: ImportEntry): string {
  switch (kind) {
    case "failures":
      return failedOf(entry);
    case "held":
      return `${counted(heldUsers(entry), "archival")} on hold`;
    case "checked":
      return `checked, not applied${entry.failed > 0 ? `: ${failedOf(entry)}` : ""}`;
    default:
      return kind;
  }
}

function failedOf({ failed, records }: Counts): string {
  return `${grouped(failed)} of ${counted(records, "record")} failed`;
}

function heldUsers(counts: Counts): number {
  return counts.held + counts.missing_held;
}

function opening(entry: ImportEntry): string[] {
  const name = `"${placeOf(entry)}"`;
  if (entry.status === "rejected") {
    return [
      `The file ${name} was rejected. Nothing was applied.`,
      "",
      `Reason: ${entry.reason === null ? "none was given" : shown(reasonWords(entry.reason), 1_000)}`,
    ];
  }
  if (isTrial(entry)) {
    return [
      `The file ${name} was checked. Nothing was applied, because this is a trial (the setting "apply" is false).`,
      entry.failed > 0 ? `${failedOf(entry)}.` : "Every record would be applied.",
    ];
  }
  return [`The file ${name} was imported.`, ...summary(entry)];
}

function summary(entry: ImportEntry): string[] {
  const held = heldUsers(entry);
  const lines = [
    ...(entry.failed > 0 ? [`${failedOf(entry)} and changed nothing.`] : []),
    ...(held > 0 ? [`${counted(held, "user")} would lose access. ${HOLD_WORDS[holdState(entry)]}`] : []),
  ];
  if (lines.length === 0) return ["Every record was applied."];
  return entry.failed === entry.records ? lines : [...lines, "Everything else was applied."];
}

const COUNT_LABELS: Readonly<Record<keyof Counts, string>> = {
  records: "Records",
  created: "Created",
  updated: "Updated",
  unchanged: "Unchanged",
  archived: "Archived",
  reactivated: "Reactivated",
  held: "Held",
  skipped: "Skipped (repeated)",
  failed: "Failed",
  permits_released: "Permits released",
  missing_archived: "Missing, archived",
  missing_held: "Missing, held",
  renamed: "Renamed",
  merged: "Merged",
};

const ALWAYS_COUNTED: ReadonlySet<keyof Counts> = new Set(["records", ...OUTCOMES]);

function countLines(entry: ImportEntry): string[] {
  const names = COUNT_NAMES.filter((name) => ALWAYS_COUNTED.has(name) || entry[name] > 0);
  return table(names.map((name) => [COUNT_LABELS[name], grouped(entry[name])]), [1]);
}

/** An admin may decide before a late mail is sent. */
const HOLD_WORDS = {
  open: "The change is on hold until an admin approves or discards it.",
  approved: "The change was on hold; an admin has since approved it.",
  discarded: "The change was on hold; an admin has since discarded it.",
};

function holdState({ hold }: ImportEntry): keyof typeof HOLD_WORDS {
  return hold?.state ?? "open";
}

function heldSection(entry: ImportEntry, file: FileNote | null): string[] {
  const held = heldUsers(entry);
  if (held === 0 || isTrial(entry)) return [];
  return section("On hold", [
    `This file would disable or archive ${counted(held, "user")}. The archive guard put the change on hold:`,
    `${shown(entry.hold?.reason ?? "no reason was given", 1_000)}.`,
    ...(holdState(entry) === "open"
      ? ["Nothing happens to these users until an admin approves or discards the change."]
      : []),
    ...(file === null ? [] : ["", heldSentence(entry, file)]),
  ]);
}

function changesSection(file: FileNote | null): string[] {
  if (file === null) return [];
  const { name, fate } = file, what = "The users who would change, with their values before and after";
  return section("Changes", [
    fate === "attached" || fate === "gzipped"
      ? `${what}: see the attached file ${shown(name, 255)}${fate === "gzipped" ? ".gz. Unpack it first." : "."}`
      : `${what}: ${NO_LIST[fate]}.`,
  ]);
}

function failuresSection({ entry, failures }: MailedImport, file: FileNote | null): string[] {
  if (entry.failed === 0) return [];
  const first = failures.slice(0, MAX_FAILURES_SHOWN);
  const more = entry.failed - first.length;
  const heading = more > 0 ? `The first ${first.length} of ${grouped(entry.failed)} failed records` : "Failed records";
  return section(heading, [
    ...table([["Line", "unique_id", "Column", "Code", "Reason"], ...first.flatMap(failureRows)], [0]),
    ...(file === null ? [] : ["", fileSentence(entry, "All failed records", file)]),
  ]);
}

/** Returns a row for each problem; only the first row names the line and the user. */
function failureRows({ line, unique_id, problems }: Failure): string[][] {
  return problems.map(({ column, code, reason }, position) => [
    position === 0 ? String(line) : "",
    position === 0 ? shown(unique_id ?? "-", 50) : "",
    column ?? "-",
    code,
    shown(reason),
  ]);
}

/** Omits the warning that repeats the section "On hold". */
function warningsSection(entry: ImportEntry): string[] {
  const warnings = entry.warnings.filter(({ code }) => entry.hold === null || code !== "archivings_held");
  const more = warnings.length - MAX_WARNINGS_SHOWN;
  return section("Warnings", [
    ...warnings.slice(0, MAX_WARNINGS_SHOWN).map(({ text }) => `- ${shown(text, 1_000)}`),
    ...(more > 0 ? [`- and ${grouped(more)} more`] : []),
  ]);
}

function fileSentence(entry: ImportEntry, subject: string, { name, fate }: FileNote): string {
  const kept = `in ${bakWords(entry.feed)}, as ${shown(name, 255)}`;
  switch (fate) {
    case "attached":
      return `${subject}: see the attached file ${shown(name, 255)}.`;
    case "gzipped":
      return `${subject}: see the attached file ${shown(name, 255)}.gz. Unpack it first.`;
    case "too_large":
      return `${subject}: the file is too large to attach. It is ${kept}.`;
    case "refused":
      return `${subject}: the mail server refused the attachment. The file is ${kept}.`;
    case "unreadable":
      return `${subject}: the file could not be read for this email. It was saved ${kept}.`;
  }
}

const NO_LIST = {
  too_large: "the list is too large to attach",
  refused: "the mail server refused the attachment",
  unreadable: "the list could not be created for this email",
};

/** Never points to `bak`: the list exists only in the mail. */
function heldSentence(entry: ImportEntry, { name, fate }: FileNote): string {
  const subject = "All users on hold";
  if (fate === "attached" || fate === "gzipped") return fileSentence(entry, subject, { name, fate });
  return `${subject}: ${NO_LIST[fate]}. ` +
    `GET /imports/${entry.id}/held lists all of them. To see the first ones, run  rosterd imports show ${entry.id}`;
}

function nextSteps(entry: ImportEntry, files: FileNotes): string[] {
  if (entry.status === "rejected") return rejectedSteps(entry);
  const steps = [
    ...(entry.failed > 0 ? fixSteps(entry, files.failed) : []),
    ...(isTrial(entry) ? TRIAL_STEPS : holdSteps(entry)),
  ];
  return steps.length === 0 ? ["Nothing. This email is for your information."] : steps;
}

const TRIAL_STEPS = [
  "Once the results are as expected, an admin can set apply to true. Then drop the roster into its folder again.",
];

function rejectedSteps(entry: ImportEntry): string[] {
  const { reason, bak_file } = entry;
  const where = reason === null || reason.line === null ? "" : ` at line ${reason.line}`;
  return [
    `Correct the file${where}, or export the roster again. Drop it into ${
      uploadFolderOf(entry)
    }, under any name that ends in`,
    ".csv. rosterd does not retry the rejected file.",
    ...(bak_file === null ? [] : [`It is in ${bakWords(entry.feed)}, as ${shown(bak_file, 255)}.`]),
  ];
}

const OPENING_STEPS: Readonly<Partial<Record<FileNote["fate"], string>>> = {
  attached: "Open the attached file",
  gzipped: "Unpack the attached file and open it",
};

function fixSteps(entry: ImportEntry, file: FileNote | null): string[] {
  const open = (file && OPENING_STEPS[file.fate]) ?? "Open the file with the failed records";
  return [
    `1. ${open} in a spreadsheet. The last columns, rosterd_…, say what is wrong with each record.`,
    "2. Correct the values. If a record could not be read, its text is in rosterd_record: type it into the other columns.",
    "   You can keep the rosterd_… columns; they are ignored. If a value begins with ', do not remove it: it keeps the",
    "   spreadsheet from changing the value.",
    `3. Save it as CSV (in Excel: CSV UTF-8) and drop it into ${
      uploadFolderOf(entry)
    }, under any name that ends in .csv.`,
  ];
}

function holdSteps(entry: ImportEntry): string[] {
  if (heldUsers(entry) === 0 || holdState(entry) !== "open") return [];
  const { id } = entry;
  return [
    "Check whether the roster is right about these users. Until an admin decides, no other file can archive or disable",
    "users. To decide, run one of these on the machine where rosterd runs:",
    `- If the roster is right:  rosterd imports approve ${id}`,
    `- If the roster is wrong:  rosterd imports discard ${id}`,
    `Or use HTTP with the admin token: POST /imports/${id}/approve or POST /imports/${id}/discard`,
  ];
}

function signature({ id, started_at }: ImportEntry): string {
  return `rosterd, import ${id}, ${utcMinute(started_at)}`;
}
