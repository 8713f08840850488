/** What is worth saying of an import, or of the settings, beside its outcome. Used by the story, the start and the status. */
import type { Warning } from "../domain/outcome.ts";
import { guards } from "../domain/guard.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import type { PlanSummary } from "./ports.ts";

/** What the settings let happen without anybody being asked or told (contract, section 3): said at start and by `doctor`. */
export function riskySettings(settings: Settings): Warning[] {
  const archives = settings.archive_inactive_users || settings.missing_users === "archive";
  if (!archives) return [];
  const warnings: Warning[] = [];
  if (!guards(settings.archive_guard)) {
    warnings.push({
      code: "no_archive_guard",
      text:
        "any number of users can be archived at once: archive_guard.max_percent is 100, which switches the guard off",
    });
  }
  if (!mailConfigured(settings)) {
    warnings.push({
      code: "archives_without_mail",
      text: "users are archived, and nobody is mailed when archivings are held: set smtp.host, reply_to_admin_email " +
        "and failed_import_email",
    });
  }
  return warnings;
}

/** Why users who are absent from a roster were left alone, although missing_users is "archive"; null: it is surely whole. */
export function notWholeWarning(
  { own, unreadable, firstLine, applies }: {
    /** The roster has a column named `rosterd_…`. */
    own: boolean;
    /** Records whose unique_id could not be read, and the line of the first. */
    unreadable: number;
    firstLine: number | null;
    /** Whether any record is applied. */
    applies: boolean;
  },
): Warning | null {
  const why = own
    ? "the file has a column named rosterd_…, so it holds failed records that come back"
    : unreadable > 0
    ? `the unique_id of ${unreadable} ${
      unreadable === 1 ? "record" : "records"
    } could not be read, first on line ${firstLine}`
    : applies
    ? null
    : "no record of the file was applied";
  return why === null ? null : { code: "missing_users_kept", text: `nobody was archived as missing: ${why}` };
}

/** What was decided over the whole file. `importId`: null before it is imported. */
export function judgementWarnings({ warnings, hold }: PlanSummary, importId: number | null): Warning[] {
  if (hold === null) return warnings;
  const next = importId === null
    ? "they would wait for approve or discard"
    : `approve them with "rosterd imports approve ${importId}", or discard with "rosterd imports discard ${importId}"`;
  return [...warnings, {
    code: "archivings_held",
    text: `archivings ${importId === null ? "would be" : "are"} held: ${hold}; ${next}`,
  }];
}

/** That nobody can be mailed, and how to change it. */
export function mailWarnings(settings: Settings): Warning[] {
  if (mailConfigured(settings)) return [];
  return [{
    code: "mail_not_configured",
    text: "nobody is mailed: set smtp.host, reply_to_admin_email and failed_import_email",
  }];
}
