/**
 * Writes the parts of an email about a hold: the number of users, the reason, the first few users, and how to decide.
 */
import type { HeldUser } from "../domain/decision.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { type FileNote, fileSentence, NO_LIST } from "./file_words.ts";
import { heldUsers, isTrial, type MailedImport } from "./mailed_import.ts";
import { heldColumnParts, isHeldFile } from "./held_file.ts";
import { type Part, section, text } from "./part.ts";
import { shown } from "./text.ts";

export const MAX_HELD_SHOWN = 10;

/** If an email is late, an admin may already have decided. */
export const HOLD_WORDS = {
  open: "The change is on hold until an admin approves or discards it.",
  approved: "The change was on hold; an admin has since approved it.",
  discarded: "The change was on hold; an admin has since discarded it.",
  superseded: "The change was on hold; a newer file has since been applied instead.",
};

export function holdState({ hold }: ImportEntry): keyof typeof HOLD_WORDS {
  return hold?.state ?? "open";
}

export function isOnHold(entry: ImportEntry): boolean {
  return entry.status === "held" && holdState(entry) === "open";
}

export function holdParts({ entry, held, heldColumns }: MailedImport, file: FileNote | null): Part[] {
  if (isHeldFile(entry)) return heldColumnParts(heldColumns);
  const users = heldUsers(entry);
  if (users === 0 || isTrial(entry)) return [];
  const reason = shown(entry.hold?.reason ?? "no reason was given", 1_000);
  return section(`On hold: ${counted(users, "user")}`, [
    text(`The archive guard put the change on hold: ${reason}.`),
    held.length === 0 ? null : heldTable(held),
    held.length === 0 || held.length >= users ? null : text(`and ${grouped(users - held.length)} more`),
    file === null ? null : text(heldSentence(entry, file)),
  ]);
}

function heldTable(held: readonly HeldUser[]): Part {
  const rows = held.map(({ unique_id, first_name, last_name, effect, permits, missing }) => [
    { text: shown(unique_id, 50), note: shown([first_name, last_name].filter(Boolean).join(" "), 80) },
    `${effect}${missing ? " (missing from the roster)" : ""}`,
    grouped(permits),
  ]);
  return { kind: "table", head: ["User", "Approving would", "Permits"], rows, right: [2] };
}

/** The text never refers to `bak`, because the list exists only in the email. */
function heldSentence(entry: ImportEntry, { name, fate }: FileNote): string {
  const subject = "All users on hold";
  if (fate === "attached" || fate === "gzipped") return fileSentence(entry, subject, { name, fate });
  return `${subject}: ${NO_LIST[fate]}. ` +
    `GET /imports/${entry.id}/held lists all of them. To see the first few, run  rosterd imports show ${entry.id}`;
}

export function decideSteps(entry: ImportEntry, publicUrl: string): Part[] {
  if (!isOnHold(entry)) return [];
  const { id } = entry;
  const why = isHeldFile(entry)
    ? "Check whether the roster is right. Newer rosters do not have to wait, and this hold ends when one of them is applied."
    : "Check whether the roster is right about these users. Until an admin decides, no other file can archive or disable users.";
  const where = publicUrl === "" ? "" : "open the import on the admin page, or ";
  return [
    text(`${why} To decide, ${where}run one of these on the machine where rosterd runs:`),
    {
      kind: "commands",
      items: [
        { when: "If the roster is right", command: `rosterd imports approve ${id}` },
        { when: "If the roster is wrong", command: `rosterd imports discard ${id}` },
      ],
    },
    text(`Or use HTTP with the admin token: POST /imports/${id}/approve or POST /imports/${id}/discard`),
  ];
}
