/** What approve, discard and undo answer, and what they decide about (docs/people.md#hold); OpenAPI is made from it. */
import { z } from "zod";

const count = z.int().min(0);

const leftOut = z.object({ unique_id: z.string(), reason: z.string() });
/** A user whom the decision left unchanged, fully or in part. `reason` has no period, and quotes no value of the user. */
export type LeftOut = z.output<typeof leftOut>;

/** The longest list; `left_out_total` counts all. */
export const MAX_LEFT_OUT = 1_000;

const leaving = {
  left_out: z.array(leftOut).max(MAX_LEFT_OUT)
    .describe(`Users left unchanged, with reasons; the first ${MAX_LEFT_OUT}.`),
  left_out_total: count.describe("The number of all users left unchanged."),
};

export const approved = z.object({
  archived: count.describe("Users archived."),
  disabled: count.describe("Users disabled."),
  permits_released: count,
  ...leaving,
});
export type Approved = z.output<typeof approved>;

export const discarded = z.object({
  discarded: count.describe("Users who keep their access."),
  ...leaving,
});
export type Discarded = z.output<typeof discarded>;

export const undone = z.object({
  restored: count.describe("Users with at least one restored value."),
  archived: count.describe("Users that the import had created."),
  permits_restored: count,
  permits_released: count,
  ...leaving,
});
export type Undone = z.output<typeof undone>;

/** A decision as its import keeps it. */
export const decision = z.object({
  what: z.enum(["approved", "discarded", "undone"]),
  at: z.string().describe("RFC 3339, UTC."),
  by: z.string().describe("The user who typed the command; over HTTP the kind of the token."),
  counts: z.record(z.string(), count).describe("The result, under the names of the call's answer."),
});
export type Decision = z.output<typeof decision>;

/** Refuses a decision; HTTP answers 409. The message quotes no value of a user. */
export class CannotDecide extends Error {
  override readonly name = "CannotDecide";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

export const heldUser = z.object({
  unique_id: z.string(),
  line: z.int().min(1).nullable().describe("The line of the record; null if the user is missing from the roster."),
  missing: z.boolean(),
  effect: z.enum(["archive", "disable"]).describe("What approve does to the user."),
  outcome: z.enum(["archived", "disabled", "unchanged"]).nullable()
    .describe("What the decision did to the user; null while the hold is open."),
  login_source: z.string().nullable(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  user_name: z.string().nullable(),
  email: z.string().nullable(),
  permits: count.describe("Active permits now. Archiving releases them."),
});
export type HeldUser = z.output<typeof heldUser>;

export const hold = z.object({
  state: z.enum(["open", "approved", "discarded"]),
  reason: z.string().describe("Why the users were held."),
  ended_at: z.string().describe("RFC 3339, UTC.").nullable(),
});
export type Hold = z.output<typeof hold>;
