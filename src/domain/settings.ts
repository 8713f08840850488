/**
 * The settings schema (docs/settings.md): validation, types, defaults and the description of each key.
 * `settings.example.json`, the HTTP interface and OpenAPI are derived from this schema.
 */
import { z } from "zod";
import {
  addressList,
  checkKeys,
  choice,
  columnName,
  DATE_FORMATS,
  defaultValues,
  FALLBACK_ENCODINGS,
  fillOnlyColumns,
  flag,
  headerAliases,
  integer,
  objectError,
  percent,
  publicUrl,
  receiverAddresses,
  senderAddress,
  text,
  textList,
  timeOrNever,
  valueMaps,
} from "./setting_values.ts";

const smtp = z.strictObject({
  host: text(255).regex(/^[A-Za-z0-9.:_-]*$/, { error: "must be a host name or an address" }).default("").describe(
    "Mail server. Empty: no email is sent.",
  ),
  port: integer(1, 65_535).default(587).describe("Port of the mail server."),
  security: choice("starttls", "tls", "none").default("starttls").describe(
    'Connection security: "starttls" (mandatory), "tls" from the first byte, or "none" (only without a user).',
  ),
  user: text(255).default("").describe("User name for the mail server. Empty: no login."),
  password: text(1_000).default("").describe("Password for the mail server; ROSTERD_SMTP_PASSWORD overrides it."),
  ca_file: text(1_000).default("").describe(
    "PEM file with the certificate authorities to trust. Empty: the ones that the machine trusts.",
  ),
}, { error: objectError }).superRefine((value, context) => {
  if (value.security === "none" && value.user !== "") {
    context.addIssue({
      code: "custom",
      path: ["security"],
      message: 'must be "starttls" or "tls" when smtp.user is set: otherwise the password would be sent in clear text',
    });
  }
});

const guard = (percentage: number, users: number, ofPercent: string, ofUsers: string) =>
  z.strictObject({
    max_percent: percent().default(percentage).describe(ofPercent),
    min_users: integer(0, 1_000_000_000).default(users).describe(ofUsers),
  }, { error: objectError });

const archiveGuard = guard(
  10,
  20,
  "Percentage of active users who may lose access without approval. 100 turns the guard off.",
  "Number of users who may always lose access without approval, regardless of the percentage.",
);

const changeGuard = guard(
  50,
  50,
  "Percentage of a file's known users whose value in one column may change without approval. 100 turns the guard off.",
  "Number of users whose value in one column may always change without approval, regardless of the percentage.",
);

const keys = {
  interval_minutes: integer(1, 1_440).default(5).describe("Minutes between scans of the upload folder."),
  settle_seconds: integer(0, 3_600).default(30).describe(
    "Seconds that a file must stay unchanged before it is imported. 0: import at once.",
  ),
  apply: flag().default(true).describe(
    "Apply the files. Off: a trial, which checks the files, reports on them and moves them to bak, but changes no users.",
  ),
  paused_until: timeOrNever.default("").describe(
    "Leave new files waiting until this time, such as 2026-12-24T18:00:00+01:00. Empty: not paused.",
  ),
  reply_to_admin_email: senderAddress.default("").describe(
    "Reply-to Admin Email Address: the sender of every email, and a recipient of alerts.",
  ),
  failed_import_email: receiverAddresses.default("").describe(
    "Failed Import Email: the recipients of failed records. Separate addresses with commas.",
  ),
  mail_on: choice("failures", "new", "always").default("failures").describe(
    'When to send email: "failures" (failed records, rejected files and held users), "new" (the same, but known ' +
      'failures only once a week), or "always" (every import).',
  ),
  public_url: publicUrl.default("").describe(
    "The address of the admin page, such as https://rosterd.example.edu, for links in emails. Empty: no links.",
  ),
  archive_inactive_users: flag().default(false).describe(
    "Archive users whose record says active = 0, and release their permits. Off: they are only disabled.",
  ),
  missing_users: choice("keep", "archive").default("keep").describe(
    'What to do with users who were in an earlier file of the feed but are not in this one: "keep" or "archive".',
  ),
  release_permits_after_days: integer(0, 3_650).default(0).describe(
    "Days to wait before archiving users who lose access. Meanwhile, they are only disabled and keep their permits. 0: archive at once.",
  ),
  archive_guard: archiveGuard.prefault({}).describe(
    "Hold archivals for approval if an import would take access from more users than these limits allow.",
  ),
  change_guard: changeGuard.prefault({}).describe(
    "Hold the whole file for approval if it would overwrite or clear one column of more known users than these limits allow.",
  ),
  login_sources: textList(20).default([]).describe("Accepted values of login_source. Empty: any value."),
  user_types: textList(20).default([]).describe("Accepted values of user_type_id. Empty: any value."),
  required_columns: z.array(columnName, { error: "must be a list of columns" }).default([]).describe(
    "Columns that every roster must contain and every record must fill, in addition to unique_id and login_source.",
  ),
  header_aliases: headerAliases.default({}).describe('Additional column names: {"Student Number": "student_no"}.'),
  unknown_columns: choice("ignore", "reject").default("ignore").describe(
    'What to do with unknown columns: "ignore" them, or "reject" the file.',
  ),
  empty_values: choice("keep", "clear").default("keep").describe(
    'What an empty value does to the user\'s value: "keep" it or "clear" it.',
  ),
  clear_token: text(50).trim().default("(clear)").describe(
    "A roster value that always clears the user's value. Empty: no such value.",
  ),
  value_maps: valueMaps.default({}).describe(
    'Replacements for roster values by column, ignoring case: {"active": {"Y": "1", "N": "0"}}.',
  ),
  defaults: defaultValues.default({}).describe(
    'Column values for users who have none: {"login_source": "sso"}. A default never replaces a value.',
  ),
  date_format: choice(...DATE_FORMATS).default("YYYY-MM-DD").describe(
    "The format of dates. YYYY-MM-DD is always accepted too.",
  ),
  fill_only_columns: fillOnlyColumns.default([]).describe(
    "Columns in which users keep existing values; the roster only fills empty ones.",
  ),
  detect_spreadsheet_damage: flag().default(true).describe(
    "Refuse values that a spreadsheet has damaged, such as 1.23E+11 or a unique_id without its leading zeros.",
  ),
  fallback_encoding: choice(...FALLBACK_ENCODINGS).default("windows-1252").describe(
    'The encoding to assume for files that are not Unicode, or "reject" to refuse them.',
  ),
  pack_bak: flag().default(true).describe("Gzip imported files above 1 MiB before they move to bak."),
  bak_retention_days: integer(0, 36_500).default(0).describe(
    "Days after which an import's failures, undo data and files in bak are deleted. 0: never.",
  ),
  purge_archived_after_days: integer(0, 36_500).default(0).describe(
    "Days after which archived users without an active permit are permanently erased, together with every trace of them. 0: never.",
  ),
  expected_every_hours: integer(0, 8_760).default(0).describe(
    "Send an alert if no file has been imported for this many hours. 0: never.",
  ),
  clerks_may_decide: flag().default(false).describe(
    "Let clerks approve, discard and undo. Off: only admins decide.",
  ),
  smtp: smtp.prefault({}).describe("The mail server."),
};

/**
 * Returns the schema of a setting that a feed can override. The schema has no default: if the key is absent, the value
 * for all feeds applies.
 */
function override<T extends z.ZodType>(setting: z.ZodDefault<T> | z.ZodPrefault<T>): z.ZodOptional<T> {
  return setting.unwrap().optional().describe(setting.description!);
}

function guardOverride(of: z.ZodPrefault<ReturnType<typeof guard>>) {
  const { max_percent, min_users } = of.unwrap().shape;
  return z.strictObject({ max_percent: override(max_percent), min_users: override(min_users) }, { error: objectError })
    .optional().describe(of.description!);
}

/** The settings that a feed can override. */
export const feedSettings = z.strictObject({
  apply: override(keys.apply),
  paused_until: override(keys.paused_until),
  failed_import_email: override(keys.failed_import_email),
  mail_on: override(keys.mail_on),
  archive_inactive_users: override(keys.archive_inactive_users),
  missing_users: override(keys.missing_users),
  release_permits_after_days: override(keys.release_permits_after_days),
  archive_guard: guardOverride(keys.archive_guard),
  change_guard: guardOverride(keys.change_guard),
  login_sources: override(keys.login_sources),
  user_types: override(keys.user_types),
  required_columns: override(keys.required_columns),
  header_aliases: override(keys.header_aliases),
  unknown_columns: override(keys.unknown_columns),
  empty_values: override(keys.empty_values),
  value_maps: override(keys.value_maps),
  defaults: override(keys.defaults),
  date_format: override(keys.date_format),
  fill_only_columns: override(keys.fill_only_columns),
  detect_spreadsheet_damage: override(keys.detect_spreadsheet_damage),
  fallback_encoding: override(keys.fallback_encoding),
  expected_every_hours: override(keys.expected_every_hours),
}, { error: objectError });

/** Feed names are lower case only, because some file systems ignore case. */
const FEED_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

export function isFeedName(name: string): boolean {
  return FEED_NAME.test(name) && name !== "bak";
}

const feeds = z.record(z.string(), feedSettings, {
  error: "must be an object that maps feed names to their settings",
})
  .superRefine(
    checkKeys((name) =>
      isFeedName(name)
        ? null
        : name === "bak"
        ? "cannot be the name of a feed: bak is where imported files go"
        : "cannot be the name of a feed: it must begin with a lower-case letter and have at most 32 characters (a–z, 0–9, - and _)"
    ),
  );

/** The whole settings document. Missing keys get their defaults, and unknown keys are refused. */
export const settingsSchema = z.strictObject({
  ...keys,
  feeds: feeds.default({}).describe(
    'Subfolders of the upload folder with separate settings: {"students": {"date_format": "DD/MM/YYYY"}}. ' +
      "If two feeds disagree about a user, the one listed first takes precedence.",
  ),
}, { error: objectError });

export type Settings = z.output<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({});

export function mailConfigured(settings: Settings): boolean {
  return settings.smtp.host !== "" && settings.reply_to_admin_email !== "" &&
    addressList(settings.failed_import_email).length > 0;
}

/** The text shown in place of a secret. */
export const MASK = "***";

/** Returns a copy of the settings with secrets masked. */
export function maskSettings(settings: Settings): Settings {
  return { ...settings, smtp: { ...settings.smtp, password: settings.smtp.password === "" ? "" : MASK } };
}
