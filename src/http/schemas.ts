/** Schemas of the HTTP documents, for OpenAPI, tests and types. These schemas do not validate documents at run time. */
import { z } from "@hono/zod-openapi";
import * as decisions from "../domain/decision.ts";
import * as days from "../domain/day.ts";
import * as erasure from "../domain/erasure.ts";
import { finding } from "../domain/finding.ts";
import * as outcome from "../domain/outcome.ts";
import { MAX_CHANGES_REPORTED, MAX_FAILURES_REPORTED, MAX_RECORDS_REPORTED, STAGES } from "../domain/outcome.ts";
import * as missing from "../domain/missing_roster.ts";
import { proposal, rosterFinding } from "../domain/roster_finding.ts";
import { settingsSchema } from "../domain/settings.ts";
import * as stored from "../domain/stored_settings.ts";
import * as users from "../domain/user.ts";
import type { WaitingFile } from "../importer/inbox_port.ts";
import type { CheckReport } from "../importer/report.ts";

const count = z.int().min(0);
const time = z.string().describe("RFC 3339, UTC.");
const stableWord = z.string().describe("A stable, machine-readable code.");

/** The schema is copied, because the domain creates it before the OpenAPI methods are added to zod. */
export const settingsDocument = settingsSchema.clone().openapi("Settings");

export const settingsHistoryPage = stored.settingsHistoryPage.clone().openapi("SettingsHistory");

export const importEntry = outcome.importEntry.extend({ settings: settingsDocument }).openapi("Import");

export const importPage = z.object({
  imports: z.array(importEntry),
  next: z.int().nullable().describe("Pass it as `before` to get the next page; null on the last page."),
});

export const replayed = missing.replayed.clone().openapi("Replayed");

export const dayList = z.object({ days: z.array(days.day.clone().openapi("Day")) });

export const importList = z.object({ imports: z.array(importEntry) });

const failure = outcome.failure.clone().openapi("Failure");
const pastFailure = outcome.pastFailure.clone().openapi("PastFailure");

export const failurePage = z.object({
  failures: z.array(pastFailure),
  next: z.int().nullable().describe("Pass it as `after` to get the next page; null on the last page."),
});

export const lastingFailures = z.object({
  failures: z.array(outcome.lastingFailure.clone().openapi("LastingFailure")).describe("Longest failing first."),
  total: count.describe("The total number of such failures."),
});

const heldColumn = decisions.heldColumn.clone().openapi("HeldColumn");

export const checkReport = z.object({
  ...outcome.result,
  failures: z.array(failure).max(MAX_FAILURES_REPORTED).describe(`The first ${MAX_FAILURES_REPORTED}.`),
  held_columns: z.array(heldColumn).describe(
    "The columns for which change_guard would hold the file, so that the file is not applied without approval.",
  ),
  changes: z.array(outcome.change).max(MAX_CHANGES_REPORTED).describe(`The first ${MAX_CHANGES_REPORTED}.`),
  kept: z.array(outcome.keptValue).max(MAX_CHANGES_REPORTED).describe(
    `The first ${MAX_CHANGES_REPORTED} values that users keep because of fill_only_columns.`,
  ),
  first_records: z.array(outcome.storedRecord).max(MAX_RECORDS_REPORTED).describe(
    `The first ${MAX_RECORDS_REPORTED} valid records, as they would be stored with the proposed settings.`,
  ),
  findings: z.array(rosterFinding.clone().openapi("RosterFinding")).describe(
    "One question for each problem that a setting can fix.",
  ),
  proposal: proposal.nullable().describe(
    "The settings change that applies all suggestions; null if there are no suggestions.",
  ),
}).openapi("CheckReport") satisfies z.ZodType<CheckReport>;

export const heldPage = z.object({
  columns: z.array(heldColumn).describe("The columns that would change for too many users, if the whole file is held."),
  held: z.array(decisions.heldUser.clone().openapi("HeldUser")),
  next: z.string().nullable().describe("Pass it as `after` to get the next page; null on the last page."),
});

export const changePage = z.object({
  changes: z.array(outcome.importChange.clone().openapi("Change")),
  cleared_at: time.nullable().describe(
    "When the changes were deleted after the retention period; null if they still exist.",
  ),
  next: z.string().nullable().describe("Pass it as `after` to get the next page; null on the last page."),
});

export const userPage = z.object({
  users: z.array(users.foundUser.clone().openapi("FoundUser")),
  next: z.string().nullable().describe("Pass it as `after` to get the next page; null on the last page."),
});

export const userDocument = users.user.clone().openapi("User");

export const erased = erasure.erased.clone().openapi("Erased");

export const approved = decisions.approved.clone().openapi("Approved");
export const discarded = decisions.discarded.clone().openapi("Discarded");
export const undone = decisions.undone.clone().openapi("Undone");

const feedName = z.string().describe('"" for the upload folder itself.');

const waitingFile = z.object({
  feed: feedName,
  name: z.string().describe("The path relative to the upload folder, such as students/roster.csv."),
  code: stableWord,
  text: z.string(),
}) satisfies z.ZodType<WaitingFile>;

const runningImport = z.object({
  id: z.int().nullable(),
  feed: feedName,
  file: z.string(),
  stage: z.enum(STAGES),
  bytes: count,
  total_bytes: count,
  records: count,
  started_at: time,
});

const feedStatus = z.object({
  name: feedName,
  usable: z.boolean(),
  text: z.string().optional(),
  apply: z.boolean().describe("Whether files are applied; false for a trial."),
  paused_until: time.nullable().describe("When the pause ends; null if the feed is not paused."),
  bak: z.object({ files: count, bytes: count }).nullable()
    .describe("The number and total size of the files in the feed's bak folder; null until they have been counted."),
  pending: count.describe("Uploads that the next scan would import, or that are waiting for the pause to end."),
  open_holds: count,
  held_users: count,
  last_import: z.object({
    id: z.int(),
    file: z.string(),
    status: z.enum(outcome.IMPORT_STATUSES),
    records: count,
    failed: count,
    finished_at: time,
  }).nullable(),
  expected_at: time.nullable().describe("When the next file is due according to expected_every_hours."),
  grace: z.object({
    waiting: count.describe(
      "Users whom the feed lists as inactive and who keep their permits until they are archived.",
    ),
    due: count.describe("The number of these users whom the next file will archive."),
    next_at: time.describe("The time when the first of these users will be archived."),
    users: z.array(z.object({ unique_id: z.string(), archived_after: time })).max(100)
      .describe("The first 100 of these users; those who have waited longest come first. Empty for the role read."),
  }).nullable().describe("The users who are waiting to be archived; null if there are none."),
});

export const statusDocument = z.object({
  version: z.string(),
  ready: z.boolean(),
  problems: z.array(outcome.codedText).describe("Problems that prevent imports or need attention."),
  database: z.object({ kind: z.enum(["server", "embedded"]), state: stableWord, text: z.string().optional() }),
  folder: z.object({ path: z.string(), usable: z.boolean(), text: z.string().optional() }),
  feeds: z.array(feedStatus).describe("The feeds, in the order of the settings. The upload folder itself comes last."),
  settings: z.object({ valid: z.boolean(), text: z.string().optional() }),
  mail: z.object({
    configured: z.boolean(),
    waiting: count,
    next_at: time.nullable().describe("When the next waiting email will be sent; null if no emails are waiting."),
    problem: z.string().optional(),
  }),
  next_turn_at: time.nullable(),
  standby: z.boolean().describe(
    "Whether another instance of rosterd is importing into this database. This instance takes over if the other one stops.",
  ),
  leader_since: z.string().optional().describe(
    "When the current leader on this database took over. Present only in the output of `rosterd status`.",
  ),
  running: runningImport.nullable(),
  waiting: z.array(waitingFile).describe("The first 100 files that cannot be imported now, oldest first."),
  waiting_count: count,
  ignored: z.array(z.string()).describe("The first 100 files ignored because of their extension."),
  ignored_count: count,
  open_holds: count.describe("Imports with held users or a held file, awaiting a decision."),
  holds: z.array(z.object({
    id: z.int(),
    kind: decisions.hold.shape.kind,
    feed: feedName,
    file: z.string(),
    users: count.describe('The number of held users; for "changes", the number of records in the file.'),
  })).describe("The first 100 open holds."),
  last_import_at: time.nullable(),
}).openapi("Status");

export const readiness = z.object({ ready: z.boolean(), problems: z.array(outcome.codedText) });

export const findings = z.object({ findings: z.array(finding.clone().openapi("Finding")) });

export const testMailResult = z.object({ sent: z.boolean(), text: z.string() });

export const problemDocument = z.object({
  type: z.literal("about:blank"),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
  errors: z.array(z.object({ key: z.string(), message: z.string() })).optional().describe("The errors, by key."),
  problems: z.array(outcome.codedText).optional().describe(
    "Why the service is not ready, or why the decision is not possible.",
  ),
  id: z.string().optional().describe("The id of the log entry with the details."),
}).openapi("Problem");
