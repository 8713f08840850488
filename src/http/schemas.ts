/**
 * The documents of the HTTP interface as schemas. The OpenAPI document is generated from them, and the tests compare
 * real answers with it. These schemas validate nothing at run time.
 */
import { z } from "@hono/zod-openapi";
import { type Approved, type Discarded, type HeldUser, MAX_LEFT_OUT, type Undone } from "../domain/decision.ts";
import type { Finding } from "../domain/finding.ts";
import {
  type Failure,
  IMPORT_STATUSES,
  type KeptValue,
  MAIL_STATES,
  MAX_CHANGES_REPORTED,
  MAX_FAILURES_REPORTED,
  MAX_RECORDS_REPORTED,
  OUTCOMES,
  PROBLEM_CODES,
  STAGES,
  type StoredRecord,
} from "../domain/outcome.ts";
import { type Proposal, ROSTER_FINDING_KINDS, type RosterFinding } from "../domain/roster_finding.ts";
import { settingsSchema } from "../domain/settings.ts";
import { CHANGED_BY, type SettingsHistoryPage } from "../domain/stored_settings.ts";
import type { ImportEntry, WaitingFile } from "../importer/ports.ts";
import type { CheckReport } from "../importer/report.ts";

const count = z.int().min(0);
const time = z.string().describe("RFC 3339, UTC.");
const stableWord = z.string().describe("A stable code for programs.");

/** A copy, because the domain creates its schema before the OpenAPI methods are added to zod. */
export const settingsDocument = settingsSchema.clone().openapi("Settings");

const changedKey = z.object({
  key: z.string().describe('The dotted name of the setting, such as "smtp.port".'),
  from: z.unknown().describe('Secrets read as "***".'),
  to: z.unknown(),
});

export const settingsHistoryPage = z.object({
  changes: z.array(z.object({
    id: z.int(),
    at: time,
    by: z.enum(CHANGED_BY).describe("Over HTTP, with `rosterd settings set` or `map`, or by hand in the file."),
    changes: z.array(changedKey),
  })),
  next: z.int().nullable().describe("Pass it as `before` to get the next page; null on the last page."),
}).openapi("SettingsHistory") satisfies z.ZodType<SettingsHistoryPage>;

const counts = {
  records: count,
  ...Object.fromEntries(OUTCOMES.map((outcome) => [outcome, count])) as Record<typeof OUTCOMES[number], typeof count>,
  permits_released: count,
  missing_archived: count,
  missing_held: count,
};

const warning = z.object({ code: stableWord, text: z.string() });
const reason = z.object({ code: stableWord, text: z.string(), line: count.nullable() });

/** Fields that an import and a check share. */
const result = {
  file: z.string().describe("The name of the upload."),
  status: z.enum(IMPORT_STATUSES),
  reason: reason.nullable().describe("Why the file was rejected or the import stopped."),
  ...counts,
  warnings: z.array(warning),
};

export const importEntry = z.object({
  id: z.int(),
  ...result,
  sha256: z.string().nullable(),
  bytes: count.nullable(),
  encoding: z.string().nullable(),
  delimiter: z.string().nullable(),
  started_at: time,
  finished_at: time.nullable(),
  undone_at: time.nullable(),
  bak_file: z.string().nullable(),
  failed_file: z.string().nullable().describe("The failed-records file in `bak`."),
  mail: z.enum(MAIL_STATES),
  hold: z.object({
    state: z.enum(["open", "approved", "discarded"]),
    reason: z.string().describe("Why the users were held."),
    ended_at: time.nullable(),
  }).nullable().describe("The hold on users; null if none were held."),
  decisions: z.array(z.object({
    what: z.enum(["approved", "discarded", "undone"]),
    at: time,
    by: z.string().describe("The user who typed the command; over HTTP the kind of the token."),
    counts: z.record(z.string(), count).describe("The result, under the names of the call's answer."),
  })).describe("The decisions about the import, oldest first."),
  settings: settingsDocument,
}).openapi("Import") satisfies z.ZodType<ImportEntry>;

export const importPage = z.object({
  imports: z.array(importEntry),
  next: z.int().nullable().describe("Pass it as `before` to get the next page; null on the last page."),
});

export const importList = z.object({ imports: z.array(importEntry) });

const failure = z.object({
  line: z.int().min(1),
  unique_id: z.string().nullable(),
  problems: z.array(z.object({
    column: z.string().nullable().describe("The name of the column; null for the record as a whole."),
    code: z.enum(PROBLEM_CODES),
    reason: z.string(),
  })),
}).openapi("Failure") satisfies z.ZodType<Failure>;

export const failurePage = z.object({
  failures: z.array(failure),
  next: z.int().nullable().describe("Pass it as `after` to get the next page; null on the last page."),
});

const change = z.object({
  unique_id: z.string(),
  outcome: z.enum(OUTCOMES),
  columns: z.record(z.string(), z.tuple([z.string().nullable(), z.string().nullable()])).describe(
    "The values before and after, by column.",
  ),
});

const keptValue = z.object({
  line: z.int().min(1),
  unique_id: z.string(),
  column: z.string(),
  roster: z.string().describe("The value in the roster."),
  kept: z.string().describe("The value that the user has."),
}) satisfies z.ZodType<KeptValue>;

const storedRecord = z.object({
  line: z.int().min(1),
  values: z.record(z.string(), z.string().nullable()),
}) satisfies z.ZodType<StoredRecord>;

const rosterFinding = z.object({
  kind: z.enum(ROSTER_FINDING_KINDS),
  header: z.string().nullable().describe(
    "The header in the file: the unknown one, or the one that the column is read from.",
  ),
  column: z.string().nullable().describe("The name of the column; null for an unknown header."),
  value: z.string().nullable().describe("The value in the file, of `value` and `opposite_value`."),
  count: count.nullable().describe("The records concerned; null if they were not counted."),
  setting: z.array(z.string()).nullable().describe(
    'The keys that lead to the setting, such as ["value_maps", "active", "Y"]; null if no setting cures the finding.',
  ),
  suggestion: z.string().nullable().describe("The value to give to the setting; null if only a person knows it."),
  is_guess: z.boolean().describe("Nothing in the file says that the suggestion is right."),
  choices: z.array(z.string()).describe("The values that the setting may have; empty for any text."),
}).openapi("RosterFinding") satisfies z.ZodType<RosterFinding>;

const proposal = z.object({
  patch: z.record(z.string(), z.unknown()).describe("A merge patch for `PATCH /settings`."),
}) satisfies z.ZodType<Proposal>;

export const checkReports = z.array(
  z.object({
    ...result,
    failures: z.array(failure).max(MAX_FAILURES_REPORTED).describe(`The first ${MAX_FAILURES_REPORTED}.`),
    changes: z.array(change).max(MAX_CHANGES_REPORTED).describe(`The first ${MAX_CHANGES_REPORTED}.`),
    kept: z.array(keptValue).max(MAX_CHANGES_REPORTED).describe(
      `The first ${MAX_CHANGES_REPORTED} values that users keep, by fill_only_columns.`,
    ),
    first_records: z.array(storedRecord).max(MAX_RECORDS_REPORTED).describe(
      `The first ${MAX_RECORDS_REPORTED} valid records, as they would be stored with the proposed settings.`,
    ),
    findings: z.array(rosterFinding).describe("What settings can cure, one question each."),
    proposal: proposal.nullable().describe("The change of settings that the suggestions make; null without any."),
  }).openapi("CheckReport") satisfies z.ZodType<CheckReport>,
).length(1);

const heldUser = z.object({
  unique_id: z.string(),
  line: z.int().min(1).nullable().describe("The line of the record; null if the user is missing from the roster."),
  missing: z.boolean(),
  effect: z.enum(["archive", "disable"]).describe("What approve does to the user."),
  login_source: z.string().nullable(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  user_name: z.string().nullable(),
  email: z.string().nullable(),
  permits: count.describe("Active permits now. Archiving releases them."),
}).openapi("HeldUser") satisfies z.ZodType<HeldUser>;

export const heldPage = z.object({
  held: z.array(heldUser),
  next: z.string().nullable().describe("Pass it as `after` to get the next page; null on the last page."),
});

const leaving = {
  left_out: z.array(z.object({ unique_id: z.string(), reason: z.string() })).max(MAX_LEFT_OUT)
    .describe(`Users left unchanged, with reasons; the first ${MAX_LEFT_OUT}.`),
  left_out_total: count.describe("The number of all users left unchanged."),
};

export const approved = z.object({
  archived: count.describe("Users archived."),
  disabled: count.describe("Users disabled."),
  permits_released: count,
  ...leaving,
}).openapi("Approved") satisfies z.ZodType<Approved>;

export const discarded = z.object({
  discarded: count.describe("Users who keep their access."),
  ...leaving,
}).openapi("Discarded") satisfies z.ZodType<Discarded>;

export const undone = z.object({
  restored: count.describe("Users with at least one restored value."),
  archived: count.describe("Users that the import had created."),
  permits_restored: count,
  permits_released: count,
  ...leaving,
}).openapi("Undone") satisfies z.ZodType<Undone>;

const statusProblem = z.object({ code: stableWord, text: z.string() });
const waitingFile = z.object({
  name: z.string(),
  code: stableWord,
  text: z.string(),
}) satisfies z.ZodType<WaitingFile>;

const runningImport = z.object({
  id: z.int().nullable(),
  file: z.string(),
  stage: z.enum(STAGES),
  bytes: count,
  total_bytes: count,
  records: count,
  started_at: time,
});

export const statusDocument = z.object({
  version: z.string(),
  ready: z.boolean(),
  problems: z.array(statusProblem).describe("What prevents imports or needs attention."),
  database: z.object({ kind: z.enum(["server", "embedded"]), state: stableWord, text: z.string().optional() }),
  folder: z.object({ path: z.string(), usable: z.boolean(), text: z.string().optional() }),
  settings: z.object({ valid: z.boolean(), text: z.string().optional() }),
  mail: z.object({ configured: z.boolean(), waiting: count, problem: z.string().optional() }),
  next_turn_at: time.nullable(),
  standby: z.boolean().describe("Another rosterd imports into this database. This one takes over when the other ends."),
  leader_since: z.string().optional().describe(
    "Since when a rosterd has been working on this database. Only in `rosterd status`.",
  ),
  running: runningImport.nullable(),
  waiting: z.array(waitingFile),
  ignored: z.array(z.string()).describe("Files ignored because of their extension."),
  open_holds: count.describe("Imports with users held for approve or discard."),
  holds: z.array(z.object({ id: z.int(), file: z.string(), users: count })).describe("The first 100 open holds."),
  last_import_at: time.nullable(),
}).openapi("Status");

export const readiness = z.object({ ready: z.boolean(), problems: z.array(statusProblem) });

export const findings = z.array(
  z.object({
    check: stableWord,
    verdict: z.enum(["good", "warning", "bad"]),
    text: z.string(),
    mend: z.string().nullable().describe("What to do; null where nothing is to be done."),
  }).openapi("Finding") satisfies z.ZodType<Finding>,
);

export const testMailResult = z.object({ sent: z.boolean(), text: z.string() });

export const problemDocument = z.object({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ key: z.string(), message: z.string() })).optional().describe("The errors, by key."),
  problems: z.array(statusProblem).optional().describe(
    "Why the service is not ready, or the decision is not possible.",
  ),
  id: z.string().optional().describe("The id of the log entry that says more."),
}).openapi("Problem");
