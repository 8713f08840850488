/** The imports described by the emails in the tests. */
import type { Decision } from "../../src/domain/decision.ts";
import type { FailureGroup } from "../../src/domain/mail.ts";
import { noCounts } from "../../src/domain/outcome.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { FileNote } from "../../src/smtp/file_words.ts";
import type { Hold } from "../../src/domain/decision.ts";
import type { MailedImport } from "../../src/smtp/mailed_import.ts";
import type { FileNotes } from "../../src/smtp/message.ts";

export const NO_FILES: FileNotes = { failed: null, held: null, changes: null };

export function entry(changes: Partial<ImportEntry> = {}): ImportEntry {
  return {
    ...noCounts(),
    id: 12,
    feed: "",
    file: "roster.csv",
    status: "failed_records",
    reason: null,
    warnings: [],
    failed_new: changes.failed ?? 0,
    failed_fixed: 0,
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

/** An import with these counts and failures. */
export function mailed(changes: Partial<ImportEntry>, more: Partial<MailedImport> = {}): MailedImport {
  return { entry: entry(changes), fresh: [], known: [], earlier: [], held: [], heldColumns: [], ...more };
}

export function group(changes: Partial<FailureGroup> = {}): FailureGroup {
  return {
    records: 1,
    line: 17,
    unique_id: "00123",
    name: "Ada Lovelace",
    since: "2026-11-23T18:45:00.000Z",
    reason: 'data_of_birth "31/12/1999" must look like 1999-12-31',
    ...changes,
  };
}

export function failedFile(fate: FileNote["fate"]): FileNote {
  return { name: "roster.20261123T184500Z.failed.csv", fate };
}

export const REASON = 'of login source "ldap" 43 users would have lost access, where 300 are active';

/** An import that held 43 users, two of them missing. */
export function heldImport(state: "open" | "approved" | "discarded" = "open"): MailedImport {
  return mailed({
    status: "held",
    ...{ records: 900, updated: 859, held: 41, missing_held: 2 },
    warnings: [{ code: "archivings_held", text: `archivings are held: ${REASON}` }],
    hold: {
      ...{ kind: "access", state, reason: REASON, columns: [], losses: [], ended_by: null },
      ended_at: state === "open" ? null : "2026-11-24T08:00:00.000Z",
    },
  }, {
    held: ["Grace Hopper", "Edsger Dijkstra"].map((name, at) => ({
      unique_id: `u-${at + 1}`,
      line: at === 0 ? 7 : null,
      missing: at === 1,
      effect: "archive",
      outcome: null,
      login_source: "ldap",
      first_name: name.split(" ")[0],
      last_name: name.split(" ")[1],
      user_name: null,
      email: null,
      permits: 2 - at,
    })),
  });
}

export const DECISION: Decision = {
  what: "approved",
  at: "2026-11-24T08:00:00.000Z",
  by: "marta",
  counts: { archived: 40, disabled: 3, permits_released: 12, left_out_total: 0 },
};

/** A file that would change most users' email addresses. */
export function heldFile(): MailedImport {
  const hold: Hold = {
    ...{ kind: "changes", state: "open", columns: [], losses: [], ended_at: null, ended_by: null },
    reason:
      "email would change for 800 of the 850 known users in the file: more than 50 percent and more than 50 users",
  };
  const examples = [
    { unique_id: "00123", before: "ada.lovelace@example.edu", after: "ada.lovelace@example.com" },
    { unique_id: "00124", before: "grace.hopper@example.edu", after: null },
  ];
  return mailed({
    ...{ status: "held", records: 900, held: 900, hold },
    warnings: [{ code: "changes_held", text: "the file is on hold" }],
  }, { heldColumns: [{ column: "email", users: 800, known_users: 850, examples }] });
}
