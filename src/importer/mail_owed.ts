/** Decides which mail must be sent for an import (docs/mail.md#when-mail-is-sent). */
import type { ImportStatus } from "../domain/outcome.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import type { MailOwed } from "./ports.ts";

const KINDS = {
  failed_records: "failures",
  rejected: "rejected",
  held: "held",
  done: "imported",
  checked: "checked",
} as const;

export function mailOwed(status: ImportStatus, settings: Settings, isUpload: boolean): MailOwed {
  if (!isUpload || status === "running" || status === "error") return { state: "none" };
  if (status === "done" && settings.mail_on !== "always") return { state: "none" };
  if (!mailConfigured(settings)) return { state: "not_configured" };
  return { state: "waiting", kind: KINDS[status], sender: settings.reply_to_admin_email };
}
