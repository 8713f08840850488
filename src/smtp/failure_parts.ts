/**
 * Writes the parts of an email about failed records: first the new failures, then those that persist, then the fixed
 * ones.
 */
import type { FailureGroup } from "../domain/mail.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { type FileNote, fileSentence, uploadFolderOf } from "./file_words.ts";
import type { MailedImport } from "./mailed_import.ts";
import { type Part, section, steps, text } from "./part.ts";
import { localDay, shown } from "./text.ts";

/** The number of failure groups that each table in an email shows. */
export const MAX_GROUPS_SHOWN = 20;

/**
 * A summary such as `3 new, 34 known failures`. If this file has no failures, the summary counts the failures of
 * earlier files.
 */
export function newsOf({ failed, failed_new }: ImportEntry, earlier: readonly FailureGroup[]): string {
  const known = failed === 0 ? earlier.reduce((sum, { records }) => sum + records, 0) : failed - failed_new;
  const numbers = [
    ...(failed_new > 0 ? [`${grouped(failed_new)} new`] : []),
    ...(known > 0 ? [`${grouped(known)} known`] : []),
  ];
  return `${numbers.join(", ")} ${failed_new + known === 1 ? "failure" : "failures"}`;
}

export function failureParts({ entry, fresh, known, earlier }: MailedImport): Part[] {
  const { failed, failed_new, failed_fixed } = entry, old = failed - failed_new;
  const fixed = counted(failed_fixed, "failure");
  return [
    ...section(`New failures: ${counted(failed_new, "record")}`, reasonTable(fresh, false)),
    ...section(`Still failing: ${counted(old, "record")}`, reasonTable(known, true)),
    ...section("Unapplied records from earlier files", reasonTable(earlier, true)),
    ...section("Fixed", [
      failed_fixed === 0 ? null : text(`${fixed} from earlier files ${failed_fixed === 1 ? "was" : "were"} fixed.`),
    ]),
  ];
}

/** Returns a table row for each group of failures with the same reason. */
function reasonTable(groups: readonly FailureGroup[], isKnown: boolean): (Part | null)[] {
  if (groups.length === 0) return [];
  const rows = groups.slice(0, MAX_GROUPS_SHOWN).map((group) => [
    `${grouped(group.records)} ×`,
    { text: shown(group.reason), note: whereOf(group, isKnown) },
  ]);
  const more = groups.length > MAX_GROUPS_SHOWN ? text("There are more reasons; the file lists all of them.") : null;
  return [{ kind: "table", head: ["Records", "Reason"], rows, right: [0] }, more];
}

/** An example of a group: `e.g. line 2: 00123 (Ada Lovelace), since 16 Nov 2026`. */
function whereOf({ records, line, unique_id, name, since }: FailureGroup, isKnown: boolean): string {
  const who = [
    ...(unique_id === null ? [] : [shown(unique_id, 50)]),
    ...(name === null ? [] : [unique_id === null ? shown(name, 80) : `(${shown(name, 80)})`]),
  ].join(" ");
  const where = `${records > 1 ? "e.g. " : ""}line ${line}${who === "" ? "" : `: ${who}`}`;
  return isKnown ? `${where}, since ${localDay(since)}` : where;
}

const OPENING_STEPS: Readonly<Partial<Record<FileNote["fate"], string>>> = {
  attached: "Open the attached file",
  gzipped: "Unpack the attached file and open it",
};

export function fixSteps(entry: ImportEntry, file: FileNote | null): Part[] {
  const open = (file && OPENING_STEPS[file.fate]) ?? "Open the file with the failed records";
  const words = steps([
    `${open} in a spreadsheet. The last columns, rosterd_…, explain the problems in each record.`,
    "Correct the values. If a record could not be read, its text is in rosterd_record: type it into the other columns. " +
    "You can keep the rosterd_… columns; they are ignored. If a value begins with an apostrophe ('), leave the apostrophe in place: it keeps the " +
    "spreadsheet from changing the value.",
    `Save the file as CSV (in Excel: CSV UTF-8) and drop it into ${
      uploadFolderOf(entry)
    }, under any name that ends in .csv.`,
  ]);
  return file === null ? [words] : [text(fileSentence(entry, "All failed records", file)), words];
}
