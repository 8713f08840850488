/** The part of a mail about a file that the change guard holds (docs/people.md#change-guard). */
import type { HeldColumn, Hold } from "../domain/decision.ts";
import type { ImportEntry } from "../importer/ports.ts";
import { grouped } from "../runtime/grouped.ts";
import { section, shown, table } from "./text.ts";

/** An admin may decide before a late mail is sent. */
const NOW: Readonly<Record<Hold["state"], string>> = {
  open: "Nothing of it is applied until an admin approves it.",
  approved: "It was on hold; an admin has since approved it.",
  discarded: "It was on hold; an admin has since discarded it.",
  superseded: "It was on hold; a newer file has since been applied instead.",
};

export function isHeldFile({ hold }: Pick<ImportEntry, "hold">): boolean {
  return hold?.kind === "changes";
}

export function heldFileLines({ state, reason }: Hold): string[] {
  return [NOW[state], "", `Reason: ${shown(reason, 1_000)}.`];
}

/** The columns, each with its examples. */
export function heldColumnSections(columns: readonly HeldColumn[]): string[] {
  return columns.flatMap(({ column, users, known_users, examples }) => {
    const of = `${column}: would change for ${grouped(users)} of ${grouped(known_users)} known users`;
    const rows = examples.map(({ unique_id, before, after }) => [
      shown(unique_id, 50),
      shown(before),
      after === null ? "(cleared)" : shown(after),
    ]);
    return section(of, table([["unique_id", "Before", "After"], ...rows], []));
  });
}

export function heldFileSteps({ id, hold }: ImportEntry): string[] {
  if (hold?.state !== "open") return [];
  return [
    "Check whether the roster is right. To decide, run one of these on the machine where rosterd runs:",
    `- If the roster is right:  rosterd imports approve ${id}`,
    `- If the roster is wrong:  rosterd imports discard ${id}`,
    `Or use HTTP with the admin token: POST /imports/${id}/approve or POST /imports/${id}/discard`,
    "A newer roster does not have to wait: once one is applied, this hold ends.",
  ];
}
