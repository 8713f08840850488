/**
 * The words of a mail about one import, for the clerk who keeps the roster (contract, section 4). Pure: it is given
 * what became of the files, and decides only what is said.
 */
import type { ImportMailKind } from "../domain/mail.ts";
import { COUNT_NAMES, type Counts, type Failure, OUTCOMES, reasonWords } from "../domain/outcome.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, section, shown, table } from "./text.ts";

/** An import as its mail tells of it. */
export interface MailedImport {
  entry: ImportEntry;
  /** The first failures, in the order of the file; {@link MAX_FAILURES_SHOWN} are shown. */
  failures: readonly Failure[];
}

/** What became of a file that should go with the mail. */
export interface FileNote {
  /** Its name in `bak`, without `.gz`. */
  name: string;
  fate: "attached" | "gzipped" | "too_large" | "refused" | "unreadable";
}

/** The files of an import; null where there is none. */
export interface FileNotes {
  /** The failed records. */
  failed: FileNote | null;
  /** Who is held. */
  held: FileNote | null;
}

export interface Words {
  subject: string;
  text: string;
}

export const MAX_FAILURES_SHOWN = 20;
const MAX_WARNINGS_SHOWN = 20;

/** Subject and text of the mail about one import. */
export function composeImport(kind: ImportMailKind, imported: MailedImport, files: FileNotes): Words {
  const { entry } = imported;
  const lines = [
    ...opening(entry),
    "",
    ...(entry.status === "rejected" ? [] : section("Counts", countLines(entry))),
    ...heldSection(entry, files.held),
    ...failuresSection(imported, files.failed),
    ...warningsSection(entry),
    ...section("What to do next", nextSteps(entry, files)),
    signature(entry),
  ];
  return { subject: `rosterd: ${shown(entry.file, 255)}: ${outcome(kind, entry)}`, text: lines.join("\n") + "\n" };
}

/** The end of the subject, and of the line in a digest: the contract's words, whatever the number. */
export function outcome(kind: ImportMailKind, entry: ImportEntry): string {
  switch (kind) {
    case "failures":
      return `${entry.failed} of ${entry.records} records failed`;
    case "held":
      return `${heldUsers(entry)} archivings held`;
    default:
      return kind;
  }
}

function heldUsers(counts: Counts): number {
  return counts.held + counts.missing_held;
}

function opening(entry: ImportEntry): string[] {
  const name = `"${shown(entry.file, 255)}"`;
  if (entry.status === "rejected") {
    return [
      `The file ${name} was rejected. Nothing of it was applied.`,
      "",
      `Reason: ${entry.reason === null ? "none was given" : shown(reasonWords(entry.reason), 1_000)}`,
    ];
  }
  return [`The file ${name} was imported.`, ...verdict(entry)];
}

function verdict(entry: ImportEntry): string[] {
  const held = heldUsers(entry);
  const lines: string[] = [];
  if (entry.failed > 0) {
    lines.push(`${counted(entry.failed, "record")} of ${entry.records} failed and changed nothing.`);
  }
  if (held > 0) {
    lines.push(`${counted(held, "user")} would lose access: ${HOLD_WORDS[holdState(entry)]}.`);
  }
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
};

const ALWAYS_COUNTED: ReadonlySet<keyof Counts> = new Set(["records", ...OUTCOMES]);

function countLines(entry: ImportEntry): string[] {
  const names = COUNT_NAMES.filter((name) => ALWAYS_COUNTED.has(name) || entry[name] > 0);
  return table(names.map((name) => [COUNT_LABELS[name], String(entry[name])]), [1]);
}

/** Mail may be late: somebody may have decided meanwhile. */
const HOLD_WORDS = {
  open: "this is held until somebody approves or discards it",
  approved: "this was held, and approved meanwhile",
  discarded: "this was held, and discarded meanwhile",
};

function holdState({ hold }: ImportEntry): keyof typeof HOLD_WORDS {
  return hold?.state ?? "open";
}

function heldSection(entry: ImportEntry, file: FileNote | null): string[] {
  const held = heldUsers(entry);
  if (held === 0) return [];
  return section("Held", [
    `${counted(held, "user")} would be disabled or archived by this file. The archive guard held that back:`,
    `${shown(entry.hold?.reason ?? "no reason was given", 1_000)}.`,
    ...(holdState(entry) === "open" ? ["Until it is approved or discarded nothing happens to them."] : []),
    ...(file === null ? [] : ["", heldSentence(entry, file)]),
  ]);
}

function failuresSection({ entry, failures }: MailedImport, file: FileNote | null): string[] {
  if (entry.failed === 0) return [];
  const first = failures.slice(0, MAX_FAILURES_SHOWN);
  const more = entry.failed - first.length;
  const heading = more > 0 ? `The first ${first.length} of ${entry.failed} failed records` : "Failed records";
  return section(heading, [
    ...table([["Line", "unique_id", "Column", "Code", "Reason"], ...first.flatMap(failureRows)], [0]),
    ...(file === null ? [] : ["", fileSentence("All of them", file)]),
  ]);
}

/** One row for each problem; line and user stand in the first. */
function failureRows({ line, unique_id, problems }: Failure): string[][] {
  return problems.map(({ column, code, reason }, position) => [
    position === 0 ? String(line) : "",
    position === 0 ? shown(unique_id ?? "-", 50) : "",
    column ?? "-",
    code,
    shown(reason),
  ]);
}

/** What is held has a section of its own. */
function warningsSection(entry: ImportEntry): string[] {
  const warnings = entry.warnings.filter(({ code }) => entry.hold === null || code !== "archivings_held");
  const more = warnings.length - MAX_WARNINGS_SHOWN;
  return section("Warnings", [
    ...warnings.slice(0, MAX_WARNINGS_SHOWN).map(({ text }) => `- ${shown(text, 1_000)}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ]);
}

function fileSentence(subject: string, { name, fate }: FileNote): string {
  const kept = `in the folder "bak" of the upload folder, as ${shown(name, 255)}`;
  switch (fate) {
    case "attached":
      return `${subject}: see the attached file ${shown(name, 255)}.`;
    case "gzipped":
      return `${subject}: see the attached file ${shown(name, 255)}.gz (packed: unpack it first).`;
    case "too_large":
      return `${subject}: too many to attach. The file is ${kept}.`;
    case "refused":
      return `${subject}: the mail server did not take the attachment. The file is ${kept}.`;
    case "unreadable":
      return `${subject}: the file could not be read for this mail. It was kept ${kept}.`;
  }
}

/** The list is made for the mail and is nowhere in `bak`. */
function heldSentence({ id }: ImportEntry, { name, fate }: FileNote): string {
  const elsewhere =
    `GET /imports/${id}/held lists all of them, and the first ones are shown by  rosterd imports show ${id}`;
  switch (fate) {
    case "attached":
    case "gzipped":
      return fileSentence("Who they are", { name, fate });
    case "too_large":
      return `Who they are: too many to attach. ${elsewhere}`;
    case "refused":
      return `Who they are: the mail server did not take the attachment. ${elsewhere}`;
    case "unreadable":
      return `Who they are: the list could not be made for this mail. ${elsewhere}`;
  }
}

function nextSteps(entry: ImportEntry, files: FileNotes): string[] {
  if (entry.status === "rejected") return rejectedSteps(entry);
  const steps = [...(entry.failed > 0 ? mendSteps(files.failed) : []), ...holdSteps(entry)];
  return steps.length === 0 ? ["Nothing: this mail only reports."] : steps;
}

function rejectedSteps({ reason, bak_file }: ImportEntry): string[] {
  const where = reason?.line === null || reason === null ? "" : `, at line ${reason.line},`;
  return [
    `Mend the file${where} or export the roster again, and drop it into the upload folder, under any name that`,
    "ends in .csv. The rejected file is not tried again.",
    ...(bak_file === null ? [] : [`It was kept in the folder "bak" of the upload folder, as ${shown(bak_file, 255)}.`]),
  ];
}

function mendSteps(file: FileNote | null): string[] {
  const open = file?.fate === "attached"
    ? "Open the attached file"
    : file?.fate === "gzipped"
    ? "Unpack the attached file and open it"
    : "Open the file of the failed records";
  return [
    `1. ${open} in a spreadsheet. The last columns, rosterd_…, say what is wrong with each record.`,
    "2. Correct the values. What could not be read at all stands in rosterd_record: type it into the other columns.",
    "   The rosterd_… columns may stay; they are ignored. Leave a ' that stands before a value: it keeps the",
    "   spreadsheet from changing it.",
    "3. Save it as CSV (in Excel: CSV UTF-8) and drop it into the upload folder again, under any name that ends in .csv.",
  ];
}

function holdSteps(entry: ImportEntry): string[] {
  if (heldUsers(entry) === 0 || holdState(entry) !== "open") return [];
  const { id } = entry;
  return [
    "Find out whether the roster is right about the held users. As long as nobody has decided, no other file can archive or",
    "disable anybody either. To decide, on the machine where rosterd runs:",
    `- To let it happen:         rosterd imports approve ${id}`,
    `- If the roster was wrong:  rosterd imports discard ${id}`,
    `Or over HTTP, with the admin token: POST /imports/${id}/approve or POST /imports/${id}/discard`,
  ];
}

function signature({ id, started_at }: ImportEntry): string {
  return `rosterd, import ${id}, ${started_at.slice(0, 16).replace("T", " ")} UTC`;
}
