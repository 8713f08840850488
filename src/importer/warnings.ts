/** The warnings about an import's plan and about the settings. */
import type { HeldChanges, Warning } from "../domain/outcome.ts";
import { guards } from "../domain/guard.ts";
import { mailConfigured, type Settings } from "../domain/settings.ts";
import { settingsOf } from "../domain/feed_settings.ts";
import { counted, grouped } from "../runtime/grouped.ts";
import type { MailOwed, PlanSummary } from "./ports.ts";

/** Warnings about settings that archive users without approval. Startup and `doctor` show these warnings. */
export function riskySettings(settings: Settings): Warning[] {
  if (archivesUnguarded(settings)) return [unguarded("")];
  return Object.keys(settings.feeds).filter((feed) => archivesUnguarded(settingsOf(settings, feed)))
    .map((feed) => unguarded(` for the feed ${feed}`));
}

function archivesUnguarded({ archive_inactive_users, missing_users, archive_guard }: Settings): boolean {
  return (archive_inactive_users || missing_users === "archive") && !guards(archive_guard);
}

function unguarded(whose: string): Warning {
  return {
    code: "no_archive_guard",
    text: `the archive guard is switched off${whose}, so one import can archive any number of users`,
  };
}

/** The reason why missing users were kept although `missing_users` is "archive"; null if the roster is complete. */
export function notWholeWarning(
  { own, unreadable, firstLine, applies }: {
    /** Whether the roster has a `rosterd_…` column. */
    own: boolean;
    /** The number of records with an unreadable unique_id, and the line of the first such record. */
    unreadable: number;
    firstLine: number | null;
    applies: boolean;
  },
): Warning | null {
  const why = own
    ? "the file has a rosterd_… column, so it is a failed-records file"
    : unreadable > 0
    ? `the unique_id of ${counted(unreadable, "record")} could not be read, first on line ${firstLine}`
    : applies
    ? null
    : "no records were applied";
  return why === null ? null : { code: "missing_users_kept", text: `no users were archived as missing: ${why}` };
}

/** `users` is the number of users whose value in this `fill_only_columns` column differs from the roster's. */
export function keptWarning(column: string, users: number): Warning {
  return { code: "kept", text: `${column} of ${counted(users, "user")} differs from the roster and was kept` };
}

/** `users`: the number of users who would have lost access without the other feeds. */
export function keptByOtherFeedWarning(users: number): Warning {
  const who = counted(users, "user keeps", "users keep");
  return {
    code: "kept_by_other_feed",
    text: `${who} access because another feed lists them as active, although this feed no longer does`,
  };
}

/**
 * `begun`: the number of users who are disabled and keep their permits for now. `over`: the number of users who are
 * archived because they have been disabled for `days` days.
 */
export function graceWarnings(days: number, begun: number, over: number): Warning[] {
  return [
    ...(begun === 0 ? [] : [{
      code: "grace_begun",
      text:
        `${counted(begun, "user is", "users are")} disabled; the first file after ${
          grouped(days)
        } days will archive them and release their ` +
        "permits, unless a roster lists them as active before then (release_permits_after_days)",
    }]),
    ...(over === 0 ? [] : [{
      code: "grace_over",
      text: `${counted(over, "user is", "users are")} archived, because they have been inactive for ${
        grouped(days)
      } days`,
    }]),
  ];
}

/**
 * `users`: the number of users whose last name and date of birth would both change. `line`: the line of the first such
 * record.
 */
export function otherPersonWarning(users: number, line: number): Warning {
  const who = counted(users, "user gets", "users get");
  const where = users === 1 ? "on" : "first on";
  return {
    code: "other_person",
    text: `${who} a different last name and a different date of birth, ${where} line ${grouped(line)}: ` +
      "check that no unique_id was given to another person",
  };
}

/** The warning about a file that the change guard holds. `importId` is null for a dry run or a trial. */
export function heldFileWarning({ reason }: HeldChanges, importId: number | null): Warning {
  return {
    code: "changes_held",
    text: importId === null
      ? `the file would be put on hold, and no records would be applied until an admin approved it: ${reason}`
      : `the file is on hold, and no records were applied: ${reason}; approve it with "rosterd imports approve ` +
        `${importId}", or discard it with "rosterd imports discard ${importId}"`,
  };
}

/** The warnings about a plan. `importId` is null for a dry run or a trial. */
export function planWarnings(summary: PlanSummary, importId: number | null): Warning[] {
  const { hold, changes } = summary;
  const warnings = [...summary.warnings, ...(changes === null ? [] : [heldFileWarning(changes, importId)])];
  if (hold === null) return warnings;
  const next = importId === null
    ? "these users would stay unchanged until an admin approves or discards the change"
    : `approve them with "rosterd imports approve ${importId}", or discard them with "rosterd imports discard ${importId}"`;
  return [...warnings, {
    code: "archivings_held",
    text: `archivals ${importId === null ? "would be put" : "are"} on hold: ${hold.reason}; ${next}`,
  }];
}

/** The warning that an email is due but cannot be sent. */
export function mailStateWarnings({ state }: MailOwed, settings: Settings): Warning[] {
  return state === "not_configured" ? mailWarnings(settings) : [];
}

export function mailWarnings(settings: Settings): Warning[] {
  if (mailConfigured(settings)) return [];
  return [{
    code: "mail_not_configured",
    text: "no emails are sent: the mail server, the Reply-to Admin Email Address or the Failed Import Email is not set",
  }];
}
