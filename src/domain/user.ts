/** Schemas for OpenAPI: a user and the data that rosterd has about them (docs/people.md#one-person). */
import { Buffer } from "node:buffer";
import { z } from "zod";
import { decision } from "./decision.ts";
import { failure, importChange } from "./outcome.ts";
import { jsonOrNull } from "../runtime/json.ts";

const time = z.string().describe("RFC 3339, UTC.");

const state = z.enum(["active", "disabled", "archived"]);

export const foundUser = z.object({
  unique_id: z.string(),
  state,
  login_source: z.string(),
  first_name: z.string().nullable(),
  last_name: z.string().nullable(),
  user_name: z.string().nullable(),
  email: z.string().nullable(),
});
/** A user in the results of a search. */
export type FoundUser = z.output<typeof foundUser>;

/**
 * The position at the end of a page of users: which search found the last user, the value that matched, and the user's
 * unique_id.
 */
export type UserPlace = readonly [search: number, value: string, uniqueId: string];

export interface UserQuery {
  /** The text to search for: the beginning of a unique_id, user_name, email or last name. */
  q: string;
  limit: number;
  after?: UserPlace | null;
}

export interface UserPage {
  users: FoundUser[];
  /** The position for the next page; null on the last page. */
  next: string | null;
}

export function formatPlace(place: UserPlace): string {
  return Buffer.from(JSON.stringify(place)).toString("base64url");
}

/** Returns null for any text that {@link formatPlace} has not produced. */
export function parsePlace(text: string): UserPlace | null {
  return placeSchema.safeParse(jsonOrNull(Buffer.from(text, "base64url").toString())).data ?? null;
}

const storable = z.string().max(1_000).refine((text) => !text.includes("\0"));
const placeSchema = z.tuple([z.int().min(0), storable, storable]);

const ofImport = {
  import: z.int(),
  feed: z.string().describe('"" for the upload folder itself.'),
  file: z.string(),
};

const historyEntry = z.object({
  ...ofImport,
  at: time.nullable().describe("When the user changed or, for a user who was only held, when the import finished."),
  ...importChange.omit({ unique_id: true }).shape,
  undone_at: time.nullable().describe("When the import was undone."),
  decisions: z.array(decision.omit({ counts: true })).describe("The decisions that affect the user, oldest first."),
});
/** The changes that one import made to the user. */
export type HistoryEntry = z.output<typeof historyEntry>;

const permit = z.object({
  permit_no: z.string().nullable(),
  status: z.string(),
  released_at: time.nullable(),
  released_by_import: z.int().nullable(),
});

const userHold = z.object({
  ...ofImport,
  line: z.int().min(1).nullable().describe("The line of the record; null if the user is missing from the roster."),
  effect: z.enum(["archive", "disable"]).describe("What an approval would do to the user."),
});

export const MAX_HISTORY = 1_000;

export const user = z.object({
  unique_id: z.string(),
  state,
  archived_at: time.nullable(),
  inactive_since: time.nullable().describe(
    "When the user was disabled to be archived later; null if the user is not waiting to be archived.",
  ),
  created_at: time,
  updated_at: time,
  values: z.record(z.string(), z.string().nullable()).describe(
    "The user's values by column, except unique_id and active.",
  ),
  feeds: z.record(z.string(), z.enum(["active", "inactive"])).describe(
    "For each feed that lists the user: whether the user is active according to that feed.",
  ),
  permits: z.array(permit),
  holds: z.array(userHold).describe("The open holds on the user, newest first."),
  last_failure: z.object({ ...ofImport, at: time.nullable(), ...failure.omit({ unique_id: true }).shape }).nullable()
    .describe("The newest failed record of this user; null if no record failed."),
  history: z.array(historyEntry).describe(
    `The changes made by imports, newest first, for at most ${MAX_HISTORY} imports. Changes made by other programs are not included.`,
  ),
  cleared_until: time.nullable().describe(
    "Imports up to this time are not listed, because their history was deleted.",
  ),
});
export type User = z.output<typeof user>;
