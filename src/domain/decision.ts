/**
 * Schemas for approve, discard and undo: their results, and the holds to decide on (docs/people.md#hold). OpenAPI is
 * generated from these schemas.
 */
import { z } from "zod";

const count = z.int().min(0);

const leftOut = z.object({
  unique_id: z.string().describe("The user's id; empty if the user has been erased."),
  reason: z.string(),
});
/**
 * A user to whom the decision was not applied, or only in part. `reason` has no final period and never quotes the
 * user's data.
 */
export type LeftOut = z.output<typeof leftOut>;

/** The maximum length of `left_out`. The field `left_out_total` counts all users. */
export const MAX_LEFT_OUT = 1_000;

const leaving = {
  left_out: z.array(leftOut).max(MAX_LEFT_OUT)
    .describe(`The first ${MAX_LEFT_OUT} users left unchanged, with reasons.`),
  left_out_total: count.describe("Total number of users left unchanged."),
};

export const approved = z.object({
  archived: count.describe("The number of held users who were archived."),
  disabled: count.describe("The number of held users who were disabled."),
  permits_released: count,
  ...leaving,
  applied: z.object({
    import: z.int(),
    status: z.string(),
    counts: z.record(z.string(), count).describe("The counts of the new import, except those that are zero."),
  }).optional().describe("The import that applied the held file; absent if users were held."),
});
export type Approved = z.output<typeof approved>;

export const discarded = z.object({
  discarded: count.describe("The number of users who keep their access."),
  ...leaving,
});
export type Discarded = z.output<typeof discarded>;

export const undone = z.object({
  restored: count.describe("The number of users with at least one restored value."),
  archived: count.describe("The number of users created by the import who are now archived."),
  permits_restored: count,
  permits_released: count,
  ...leaving,
});
export type Undone = z.output<typeof undone>;

/** A decision as it is stored with its import. */
export const decision = z.object({
  what: z.enum(["approved", "discarded", "undone"]),
  at: z.string().describe("RFC 3339, UTC."),
  by: z.string().describe("The person who ran the command; for any other client of HTTP, the name of its token."),
  counts: z.record(z.string(), count).describe(
    "The resulting counts, with the same names as in the response to the decision.",
  ),
});
export type Decision = z.output<typeof decision>;

/** Thrown if a decision is not possible. HTTP then responds with 409. The message never quotes user data. */
export class CannotDecide extends Error {
  override readonly name = "CannotDecide";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

/**
 * How long a decision waits for a running import to end. The wait is short, because a person is waiting for the
 * response.
 */
export const DECISION_WAIT_MS = 10_000;

export function importRunning(): CannotDecide {
  return new CannotDecide("import_running", "an import is running: try again when it has finished");
}

export function usersLocked(): CannotDecide {
  return new CannotDecide("users_locked", "another program is changing these users or their permits: try again later");
}

export const heldUser = z.object({
  unique_id: z.string(),
  line: z.int().min(1).nullable().describe("The line of the record; null if the user is missing from the roster."),
  missing: z.boolean(),
  effect: z.enum(["archive", "disable"]).describe("What an approval would do to the user."),
  outcome: z.enum(["archived", "disabled", "unchanged"]).nullable()
    .describe("What the decision did to the user; null while the hold is open."),
  login_source: z.string().nullable(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  user_name: z.string().nullable(),
  email: z.string().nullable(),
  permits: count.describe("The number of currently active permits, which are released if the user is archived."),
});
export type HeldUser = z.output<typeof heldUser>;

/** The number of affected users shown for each held column. */
export const MAX_HELD_EXAMPLES = 10;

const changedColumn = z.object({
  column: z.string(),
  users: count.describe("The number of known users whose value would be overwritten or cleared."),
  known_users: count.describe("The number of known users in the file."),
});

export const heldColumn = changedColumn.extend({
  examples: z.array(z.object({ unique_id: z.string(), before: z.string(), after: z.string().nullable() }))
    .max(MAX_HELD_EXAMPLES)
    .describe(`The first ${MAX_HELD_EXAMPLES} of these users. This list is deleted with the import's failures.`),
});
/** A column that the file would change for too many users. */
export type HeldColumn = z.output<typeof heldColumn>;

export const losses = z.object({
  feed: z.string().nullable().describe(
    "The feed whose users are counted; null if the count is not limited to one feed.",
  ),
  login_source: z.string().nullable().describe("The login source; null if all of them are counted together."),
  active: count.describe("The number of users who were active before the import."),
  counted: count.describe(
    "The number of users who would lose access, plus those who have lost it in the last 24 hours.",
  ),
  losing: count.describe("The number of users who would lose access through this import."),
});
/**
 * How many users of a login source, of a feed, or of all login sources together would lose access because of an import.
 */
export type Losses = z.output<typeof losses>;

export interface HeldPage {
  columns: HeldColumn[];
  held: HeldUser[];
  next: string | null;
}

export const hold = z.object({
  kind: z.enum(["access", "changes"]).describe(
    'The kind of hold: on users losing access ("access"), or on the whole file ("changes"), so that no records were applied.',
  ),
  state: z.enum(["open", "approved", "discarded", "superseded"]).describe(
    '"superseded": a newer file of the feed was applied instead of the held one.',
  ),
  reason: z.string().describe("The reason for the hold."),
  losses: z.array(losses).describe(
    'For "access": the losses that exceed both limits of archive_guard. Empty if an earlier import is still on hold.',
  ),
  columns: z.array(changedColumn).describe('For "changes": the columns that would change for too many users.'),
  ended_at: z.string().describe("RFC 3339, UTC.").nullable(),
  ended_by: z.int().nullable().describe("The import that applied or superseded the held file."),
});
export type Hold = z.output<typeof hold>;

/** Throws {@link CannotDecide} unless the hold is open. */
export function requireOpenHold(state: Hold["state"] | null): void {
  if (state === "open") return;
  throw state === null
    ? new CannotDecide("nothing_held", "there is no hold on this import")
    : new CannotDecide("hold_is_over", `the hold on this import has already been ${state}`);
}
