/** What is worth saying of an import, or of the settings, beside its outcome. Used by the story, the start and the status. */
import type { Warning } from "../domain/outcome.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";

/** What the settings ask for and this version does not do. Nobody may believe that it is done. */
export function unmetSettings(settings: Settings): Warning[] {
  const warnings: Warning[] = [];
  if (settings.missing_users === "archive") {
    warnings.push({
      code: "missing_users_not_archived",
      text:
        'users who are missing from a roster are not archived: this version cannot do it, in spite of missing_users "archive"',
    });
  }
  if (settings.archive_inactive_users && settings.archive_guard.max_percent < 100) {
    warnings.push({
      code: "no_archive_guard",
      text: "archivings are not held back: this version has no archive guard yet",
    });
  }
  return warnings;
}

/** That nobody can be mailed, and how to change it. */
export function mailWarnings(settings: Settings): Warning[] {
  if (mailConfigured(settings)) return [];
  return [{
    code: "mail_not_configured",
    text: "nobody is mailed: set smtp.host, reply_to_admin_email and failed_import_email",
  }];
}
