/** Writes the email about one import for the clerk who maintains the roster (docs/mail.md). */
import { bakWords } from "../domain/feed.ts";
import type { FailureGroup, ImportMailKind } from "../domain/mail.ts";
import { COUNT_NAMES, type Counts, reasonWords } from "../domain/outcome.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { failureParts, fixSteps, newsOf } from "./failure_parts.ts";
import { type FileNote, NO_LIST, uploadFolderOf } from "./file_words.ts";
import { decideSteps, HOLD_WORDS, holdParts, holdState, isOnHold } from "./hold_parts.ts";
import { heldFileOpening, isHeldFile } from "./held_file.ts";
import { importLink } from "./links.ts";
import { heldUsers, isTrial, type MailedImport, placeOf } from "./mailed_import.ts";
import { lead, list, type Part, section, text } from "./part.ts";
import { localMinute, shown } from "./text.ts";

export interface FileNotes {
  failed: FileNote | null;
  held: FileNote | null;
  /** The changes that a trial would have made. */
  changes: FileNote | null;
}

export interface Words {
  subject: string;
  parts: Part[];
}

const MAX_WARNINGS_SHOWN = 20;

/** `publicUrl`: the address of the admin page; "" if unknown. */
export function composeImport(
  kind: ImportMailKind,
  imported: MailedImport,
  files: FileNotes,
  publicUrl: string,
): Words {
  const { entry } = imported;
  const parts = [
    ...opening(imported),
    ...importLink(publicUrl, entry.id, isOnHold(entry) ? "Review and decide" : "Open this import"),
    ...holdParts(imported, files.held),
    ...failureParts(imported),
    ...section("What to do next", nextSteps(imported, files, publicUrl)),
    ...changesSection(files.changes),
    ...warningsSection(entry),
    ...(entry.status === "rejected" || isHeldFile(entry)
      ? []
      : section(isTrial(entry) ? TRIAL_COUNTS : "Counts", [countTable(entry)])),
    signature(entry),
  ];
  return { subject: `rosterd: ${placeOf(entry)}: ${outcome(kind, entry, imported.earlier)}`, parts };
}

const TRIAL_COUNTS = "What would have happened";

function allFailed({ failed, records }: Counts): boolean {
  return failed > 0 && failed === records;
}

/** The words at the end of an email's subject and of an import's line in a digest. */
export function outcome(kind: ImportMailKind, entry: ImportEntry, earlier: readonly FailureGroup[]): string {
  switch (kind) {
    case "failures":
      return allFailed(entry) ? allFailedWords(entry) : newsOf(entry, earlier);
    case "held":
      return isHeldFile(entry) ? "the file is on hold" : `${counted(heldUsers(entry), "archival")} on hold`;
    case "checked":
      return `checked, not applied${
        entry.failed === 0 ? "" : allFailed(entry) ? `: ${allFailedWords(entry)}` : `: ${newsOf(entry, earlier)}`
      }`;
    default:
      return allFailed(entry) ? allFailedWords(entry) : kind;
  }
}

function allFailedWords({ records }: Counts): string {
  return records === 1 ? "its only record failed" : `all ${grouped(records)} records failed`;
}

/** The parts of the email. The decision or the result comes first, then further facts. */
function opening(imported: MailedImport): Part[] {
  const { entry } = imported, name = `"${placeOf(entry)}"`;
  if (entry.status === "rejected") {
    const reason = entry.reason === null ? "no reason was given" : shown(reasonWords(entry.reason), 1_000);
    return [lead("bad", `The file ${name} was rejected. No records were applied.`), text(`Reason: ${reason}`)];
  }
  if (isTrial(entry)) {
    const why =
      `The file ${name} was checked. No records were applied, because this is a trial (the setting "apply" is false).`;
    const result = entry.failed === 0 ? "Every record would be applied." : failedOf(entry);
    return [lead(allFailed(entry) ? "bad" : entry.failed > 0 ? "decide" : "good", why), text(result)];
  }
  if (isHeldFile(entry)) return heldFileOpening(entry.hold!, name);
  if (allFailed(entry)) {
    const all = allFailedWords(entry);
    return [lead("bad", `${all[0].toUpperCase()}${all.slice(1)} in ${name}. No records were applied.`)];
  }
  const held = heldUsers(entry);
  if (held > 0) {
    const would = `${name} would take access from ${counted(held, "user")}.`;
    const rest = [
      HOLD_WORDS[holdState(entry)],
      ...(entry.failed > 0 ? [failedOf(entry)] : []),
      "Everything else was applied.",
    ];
    const first = isOnHold(entry) ? lead("decide", `Approve or discard: ${would}`) : lead("good", `The file ${would}`);
    return [first, text(rest.join(" "))];
  }
  return failureOpening(imported, name);
}

function failureOpening({ entry, earlier }: MailedImport, name: string): Part[] {
  const { failed, failed_new } = entry, known = failed - failed_new;
  const applied = failed === 0 ? "Every record was applied." : "Everything else was applied.";
  const still = `${counted(known, "record")} still ${known === 1 ? "fails" : "fail"} as before.`;
  if (failed_new > 0) {
    const first = `${counted(failed_new, "record")} failed for the first time in ${name}. Please correct ${
      failed_new === 1 ? "it" : "them"
    }.`;
    return [lead("decide", first), text(known > 0 ? `${still} ${applied}` : applied)];
  }
  if (known > 0) return [lead("decide", `Nothing new failed in ${name}, but ${still}`), text(applied)];
  if (earlier.length === 0) return [lead("good", `The file ${name} was imported. ${applied}`)];
  return [
    lead(
      "decide",
      `Some records from earlier files have still not been applied. The file ${name} does not include the users they belong to.`,
    ),
    text(`${applied} Earlier failures are listed below.`),
  ];
}

function failedOf({ failed, records }: Counts): string {
  return `${grouped(failed)} of ${counted(records, "record")} failed.`;
}

export const COUNT_LABELS: Readonly<Record<keyof Counts, string>> = {
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

function countTable(entry: ImportEntry): Part {
  const names = COUNT_NAMES.filter((name) => name === "records" || entry[name] > 0);
  return {
    kind: "table",
    head: null,
    rows: names.map((name) => [COUNT_LABELS[name], grouped(entry[name])]),
    right: [1],
  };
}

function changesSection(file: FileNote | null): Part[] {
  if (file === null) return [];
  const { name, fate } = file, what = "The users who would change, with their values before and after";
  return section("Changes", [
    text(
      fate === "attached" || fate === "gzipped"
        ? `${what}: see the attached file ${shown(name, 255)}${fate === "gzipped" ? ".gz. Unpack it first." : "."}`
        : `${what}: ${NO_LIST[fate]}.`,
    ),
  ]);
}

/** Omits warnings that would repeat the part of the email about the hold. */
function warningsSection(entry: ImportEntry): Part[] {
  const ofHold = ["archivings_held", "changes_held"];
  const warnings = entry.warnings.filter(({ code }) => entry.hold === null || !ofHold.includes(code));
  const more = warnings.length - MAX_WARNINGS_SHOWN;
  const items = [
    ...warnings.slice(0, MAX_WARNINGS_SHOWN).map(({ text }) => shown(text, 1_000)),
    ...(more > 0 ? [`and ${grouped(more)} more`] : []),
  ];
  return section("Warnings", [items.length === 0 ? null : list(items)]);
}

function nextSteps(imported: MailedImport, files: FileNotes, publicUrl: string): Part[] {
  const { entry } = imported;
  if (entry.status === "rejected") return [rejectedSteps(entry)];
  const parts = [
    ...decideSteps(entry, publicUrl),
    ...(entry.failed > 0 ? fixSteps(entry, files.failed) : []),
    ...(isTrial(entry) ? [TRIAL_STEPS] : []),
  ];
  if (parts.length > 0) return parts;
  return [
    text(
      imported.earlier.length === 0
        ? "Nothing. This email is for your information."
        : "Correct the records from earlier files in the registry's system, or drop the corrected files into the upload folder again.",
    ),
  ];
}

const TRIAL_STEPS = text(
  "Once the results are as expected, an admin can set apply to true. Then drop the roster into its folder again.",
);

function rejectedSteps(entry: ImportEntry): Part {
  const { reason, bak_file } = entry;
  const where = reason === null || reason.line === null ? "" : ` at line ${reason.line}`;
  return text(
    `Correct the file${where}, or export the roster again. Drop it into ${
      uploadFolderOf(entry)
    }, under any name that ends in .csv. rosterd does not retry the rejected file.${
      bak_file === null ? "" : `\nIt is in ${bakWords(entry.feed)}, as ${shown(bak_file, 255)}.`
    }`,
  );
}

export function signature({ id, started_at }: ImportEntry): Part {
  return { kind: "foot", text: `rosterd, import ${id}, ${localMinute(started_at)}` };
}
