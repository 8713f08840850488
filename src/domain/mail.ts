/** Types for the kinds of mail and for the mails in the outbox. */
import type { Decision } from "./decision.ts";
import type { PastFailure } from "./outcome.ts";

/** Values of `rosterd.outbox.kind` for mails about the result of an import. */
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
  /** The feed whose clerks get the mail; absent or "" for the upload folder itself. */
  feed?: string;
}

/**
 * Which mails to claim: the mail that has been due longest, all mails for a digest, or only urgent mails. A mail about
 * a hold is urgent: it is sent first, never in a digest, and no rate limit applies to it.
 */
export type Claim = "one" | "all" | "urgent";

/** A mail in the outbox. `createdAt` comes from the database's clock. */
export type WaitingMail =
  & { id: number; messageId: string; digest: string | null; createdAt: Date; tries: number }
  & (
    | { kind: ImportMailKind; importId: number }
    | { kind: "decided"; importId: number; decision: Decision }
    | { kind: "alert"; alert: Alert }
  );
