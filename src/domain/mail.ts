/** The kinds of mail and the mails in the outbox. */
import type { Decision } from "./decision.ts";
import type { PastFailure } from "./outcome.ts";

/** Values of `rosterd.outbox.kind` for mails about the result of an import. */
export type ImportMailKind = "failures" | "rejected" | "held" | "imported" | "checked";

/** Records that fail for the same reason. All except `records` and `since` describe the first of them. */
export interface FailureGroup extends Pick<PastFailure, "line" | "unique_id" | "since"> {
  records: number;
  name: string | null;
  reason: string;
}

export interface Alert {
  subject: string;
  text: string;
  /** The feed whose clerks are told; absent or "" for the upload folder itself. */
  feed?: string;
}

/**
 * Which mails to claim: the one that has been due longest; all of them, for a digest; or only urgent ones. A mail about
 * a hold is urgent: it comes first, alone, and is not limited.
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
