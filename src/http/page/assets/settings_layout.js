/**
 * The layout of the settings form: groups, labels, units and the wording of choices. Explanations, defaults and choices
 * come from the schema of the service. A key without an entry here still appears, at the end of the form.
 */

/**
 * @typedef {object} Item
 * @property {string} key
 * @property {string} label
 * @property {string} [help] An explanation for the form. It replaces a description that mentions keys and values,
 * because the form does not show them.
 * @property {string} [unit]
 * @property {"lines" | "columns" | "aliases" | "value_maps" | "defaults" | "password" | "select"} [editor]
 * @property {readonly string[]} [without] Columns that the editor does not offer, because the service refuses them.
 * @property {Record<string, string>} [words] The text of each choice.
 * @property {string} [autocomplete]
 */

/** @typedef {{ id: string, heading: string, items: readonly Item[] }} Group */

/** @type {readonly Group[]} */
export const GROUPS = [
  {
    id: "turns",
    heading: "When to import",
    items: [
      { key: "interval_minutes", label: "Scan interval", unit: "minutes" },
      { key: "settle_seconds", label: "Settle time", unit: "seconds" },
      {
        key: "apply",
        label: "What to do with files",
        help: "A trial reports what would change.",
        words: {
          true: "Apply them",
          false: "Trial: check files, report on them and move them to bak, without changing users",
        },
      },
      {
        key: "paused_until",
        label: "Pause until",
        help: "New files wait until this time, such as 2026-12-24T18:00:00+01:00. Leave empty for no pause.",
      },
      { key: "expected_every_hours", label: "Expect a roster every", unit: "hours" },
    ],
  },
  {
    id: "mail",
    heading: "Mail",
    items: [
      {
        key: "reply_to_admin_email",
        label: "Reply-to Admin Email Address",
        help: "The sender of every email. Alerts go here too.",
      },
      {
        key: "failed_import_email",
        label: "Failed Import Email",
        help: "The recipients of failed records. Separate several addresses with commas.",
      },
      {
        key: "mail_on",
        label: "When to send mail",
        help: "Which imports are reported to the Failed Import Email address.",
        words: {
          failures: "When records fail, users are held or a file is rejected",
          new: "After new failures, holds and rejections; for known failures, once a week",
          always: "After every import",
        },
      },
      {
        key: "public_url",
        label: "Address of this page",
        help:
          "The address at which people open this page, including the scheme, for links in emails. Leave empty for emails without links.",
      },
      { key: "smtp.host", label: "Mail server", help: "Host name or address. Leave empty to send no email." },
      { key: "smtp.port", label: "Port", help: "The port of the mail server." },
      {
        key: "smtp.security",
        label: "Connection security",
        help: "How the connection to the mail server is protected.",
        words: {
          starttls: "STARTTLS, required (usual on port 587)",
          tls: "TLS from the start (usual on port 465)",
          none: "Unencrypted (allowed only without a user name)",
        },
      },
      {
        key: "smtp.user",
        label: "User name",
        help: "The user name for the mail server. Leave empty to send without a login.",
      },
      {
        key: "smtp.password",
        label: "Password",
        help: "The password for the mail server. ROSTERD_SMTP_PASSWORD overrides it.",
        editor: "password",
      },
      {
        key: "smtp.ca_file",
        label: "Certificates to trust",
        help:
          "A PEM file on rosterd's machine, for a mail server whose certificate comes from a private authority. Leave empty to trust the machine's authorities.",
      },
    ],
  },
  {
    id: "archiving",
    heading: "Archiving",
    items: [
      {
        key: "archive_inactive_users",
        label: "Users with active = 0",
        help: "What an import does with these users.",
        words: { false: "Disable them; they keep their permits", true: "Archive them and release their permits" },
      },
      {
        key: "missing_users",
        label: "Users missing from the roster",
        help: "This applies to each login source that appears in the roster.",
        words: {
          keep: "Keep them as they are",
          archive: "Archive them and release their permits",
        },
      },
      { key: "release_permits_after_days", label: "Disable first, and keep permits for", unit: "days" },
      { key: "archive_guard.max_percent", label: "Archive guard: maximum share of active users", unit: "percent" },
      { key: "archive_guard.min_users", label: "Archive guard: number always allowed", unit: "users" },
      { key: "change_guard.max_percent", label: "Change guard: maximum share of known users", unit: "percent" },
      { key: "change_guard.min_users", label: "Change guard: number always allowed", unit: "users" },
      {
        key: "clerks_may_decide",
        label: "Who may decide on holds and undo imports",
        help: "Clerks sign in with a named token that has the clerk role.",
        words: { false: "Admins only", true: "Admins and clerks" },
      },
    ],
  },
  {
    id: "reading",
    heading: "Reading rosters",
    items: [
      { key: "login_sources", label: "Login sources", editor: "lines" },
      { key: "user_types", label: "User types", editor: "lines" },
      {
        key: "required_columns",
        label: "Required columns",
        editor: "columns",
        without: ["unique_id", "login_source"],
      },
      {
        key: "header_aliases",
        label: "Header aliases",
        help: "Other headers that your rosters use for the columns.",
        editor: "aliases",
      },
      {
        key: "value_maps",
        label: "Value maps",
        help: "Other values that your rosters use in a column. Case does not matter.",
        editor: "value_maps",
        without: ["unique_id", "old_unique_id"],
      },
      {
        key: "defaults",
        label: "Defaults",
        help: "Values for users who have no value in a column. A default never replaces a value.",
        editor: "defaults",
        without: ["unique_id", "old_unique_id", "user_name", "email", "active"],
      },
      {
        key: "date_format",
        label: "Date format",
        help: "The format of dates in your rosters. YYYY-MM-DD is always accepted, too.",
        editor: "select",
      },
      {
        key: "fill_only_columns",
        label: "Fill-only columns",
        help: "Users who have a value in these columns keep it. The roster only fills in missing values.",
        editor: "columns",
        without: ["unique_id", "old_unique_id", "active"],
      },
      {
        key: "unknown_columns",
        label: "Unknown columns",
        help: "What to do with rosters that have unknown columns.",
        words: { ignore: "Ignore them, with a warning", reject: "Reject the file" },
      },
      {
        key: "empty_values",
        label: "Empty values",
        help: "What an empty value in a roster does.",
        words: { keep: "Keep the user's value", clear: "Clear the user's value" },
      },
      {
        key: "clear_token",
        label: "Clear token",
        help: "If a value in the roster matches this text, the user's value is cleared. Leave empty to turn this off.",
      },
      {
        key: "detect_spreadsheet_damage",
        label: "Values damaged by a spreadsheet",
        help: "For example, 1.23E+11 or a unique_id without its leading zeros.",
        words: { true: "Refuse them", false: "Accept them" },
      },
      {
        key: "fallback_encoding",
        label: "Encoding of non-Unicode files",
        help: 'The encoding of files that are not Unicode. "reject" refuses such files.',
        editor: "select",
      },
    ],
  },
  {
    id: "keeping",
    heading: "Retention",
    items: [
      {
        key: "pack_bak",
        label: "Imported files larger than 1 MiB",
        help: "The names of compressed files end in .csv.gz. gunzip restores the uploaded file.",
        words: { true: "Gzip them in bak", false: "Keep them as they are" },
      },
      { key: "bak_retention_days", label: "Keep bak files, failures and undo data for", unit: "days" },
      { key: "purge_archived_after_days", label: "Erase archived users after", unit: "days" },
    ],
  },
];
