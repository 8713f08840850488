/** Writes the parts of an email about a file that the change guard holds (docs/people.md#change-guard). */
import type { HeldColumn, Hold } from "../domain/decision.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import { lead, type Part, section, text } from "./part.ts";
import { shown } from "./text.ts";

/** If an email is late, an admin may already have decided. */
const NOW: Readonly<Record<Hold["state"], string>> = {
  open: "The file would change values for most users. No records will be applied until an admin approves it.",
  approved: "An admin has since approved the file.",
  discarded: "An admin has since discarded the file.",
  superseded: "A newer file has since been applied instead.",
};

export function isHeldFile({ hold }: Pick<ImportEntry, "hold">): boolean {
  return hold?.kind === "changes";
}

/** `name`: the file's name, in quotes. */
export function heldFileOpening({ state, reason }: Hold, name: string): Part[] {
  const first = state === "open"
    ? lead("decide", `Approve or discard: the file ${name} is on hold.`)
    : lead("good", `The file ${name} was put on hold.`);
  return [first, text(NOW[state]), text(`Reason: ${shown(reason, 1_000)}.`)];
}

/** Lists the columns, each with examples. */
export function heldColumnParts(columns: readonly HeldColumn[]): Part[] {
  return columns.flatMap(({ column, users, known_users, examples }) => {
    const rows = examples.map(({ unique_id, before, after }) => [
      shown(unique_id, 50),
      shown(before),
      after === null ? "(cleared)" : shown(after),
    ]);
    const of = `${grouped(users)} of ${counted(known_users, "known user")}`;
    return section(`${column} would change for ${of}`, [
      { kind: "table", head: ["User", "Before", "After"], rows, right: [] },
    ]);
  });
}
