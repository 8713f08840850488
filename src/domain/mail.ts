/** The kinds of email, and the types of the emails in the outbox. */
import type { Decision } from "./decision.ts";
import type { PastFailure } from "./outcome.ts";

/** Values of `rosterd.outbox.kind` for emails about the result of an import. */
export type ImportMailKind = "failures" | "rejected" | "held" | "imported" | "checked";

/**
 * A group of records that fail for the same reason. Except for `records` and `since`, the fields describe the first
 * record of the group.
 */
export interface FailureGroup extends Pick<PastFailure, "line" | "unique_id" | "since"> {
  records: number;
  name: string | null;
  reason: string;
}

export interface Alert {
  subject: string;
  text: string;
  /** The feed whose clerks get the email; absent or "" for the upload folder itself. */
  feed?: string;
}

/**
 * Which emails to claim: the one that has been due the longest, all emails for a digest, or only urgent emails. An
 * email about a hold is urgent: it is sent first, is never part of a digest, and is exempt from rate limits.
 */
export type Claim = "one" | "all" | "urgent";

/** An email in the outbox. `createdAt` comes from the database's clock. */
export type WaitingMail =
  & { id: number; messageId: string; digest: string | null; createdAt: Date; tries: number }
  & (
    | { kind: ImportMailKind; importId: number }
    | { kind: "decided"; importId: number; decision: Decision }
    | { kind: "alert"; alert: Alert }
  );
