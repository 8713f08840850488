/** What mails are about, and the rows of those that wait: shared by the importer, the database and the mail. */

/** The subject of a mail about an import: the column `kind` of `rosterd.outbox`. An alert brings its own words. */
export type ImportMailKind = "failures" | "rejected" | "held" | "imported";

export interface Alert {
  subject: string;
  text: string;
}

/** A mail that waits. Times are of the database's rows. */
export type WaitingMail =
  & { id: number; messageId: string; digest: string | null; createdAt: Date; tries: number }
  & ({ kind: ImportMailKind; importId: number } | { kind: "alert"; alert: Alert });
