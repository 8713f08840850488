/** Decides which email to send for an import (docs/mail.md#when-mail-is-sent). */
import type { ImportMailKind } from "../domain/mail.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import type { DoneImport, MailOwed } from "./ports.ts";

export const NO_MAIL: MailOwed = { state: "none" };

/** The limit is an hour short of seven days, so that a nightly import that begins slightly early still counts. */
const REMINDER_AFTER_MS = (7 * 24 - 1) * 3_600_000;

const KINDS = { failed_records: "failures", held: "held", done: "imported", checked: "checked" } as const;

export function mailOwed(done: Pick<DoneImport, "status" | "news">, settings: Settings, now: Date): MailOwed {
  const { status } = done, isDue = isReminderDue(done, now);
  if (status === "running" || status === "error" || status === "rejected") return NO_MAIL;
  switch (settings.mail_on) {
    case "always":
      return owed(KINDS[status], settings);
    case "failures":
      return status === "done" ? NO_MAIL : owed(KINDS[status], settings);
    case "new":
      if (status === "done") return isDue ? owed("failures", settings) : NO_MAIL;
      return status !== "failed_records" || done.news.failed_new > 0 || isDue ? owed(KINDS[status], settings) : NO_MAIL;
  }
}

/** Whether there are still failures that no email has reported for a week. */
function isReminderDue({ news: { open, toldAt } }: Pick<DoneImport, "news">, now: Date): boolean {
  return open && (toldAt === null || now.getTime() - toldAt.getTime() >= REMINDER_AFTER_MS);
}

/** The email of this kind, if email can be sent. */
export function owed(kind: ImportMailKind, settings: Settings): MailOwed {
  if (!mailConfigured(settings)) return { state: "not_configured" };
  return { state: "waiting", kind, sender: settings.reply_to_admin_email };
}
