/** The kinds of mail and the mails in the outbox. */

/** Values of `rosterd.outbox.kind` for mails about an import. */
export type ImportMailKind = "failures" | "rejected" | "held" | "imported" | "checked";

export interface Alert {
  subject: string;
  text: string;
  /** The feed whose clerks are told; absent or "" for the upload folder itself. */
  feed?: string;
}

/** A mail in the outbox. `createdAt` comes from the database's clock. */
export type WaitingMail =
  & { id: number; messageId: string; digest: string | null; createdAt: Date; tries: number }
  & ({ kind: ImportMailKind; importId: number } | { kind: "alert"; alert: Alert });
