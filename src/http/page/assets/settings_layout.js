/**
 * How the settings stand on the page: groups, labels, units, and the words of choices. What a setting does, its default and its
 * choices come with the description that the service makes of its own schema; a key that is not named here is shown all the same.
 */

/**
 * @typedef {object} Item
 * @property {string} key
 * @property {string} label
 * @property {string} [help] Where the schema speaks of keys and values, which nobody sees here.
 * @property {string} [unit]
 * @property {"lines" | "columns" | "aliases" | "password" | "select"} [editor]
 * @property {Record<string, string>} [words] What each choice does.
 * @property {string} [autocomplete]
 */

/** @typedef {{ id: string, heading: string, items: readonly Item[] }} Group */

/** @type {readonly Group[]} */
export const GROUPS = [
  {
    id: "turns",
    heading: "When to import",
    items: [
      { key: "interval_minutes", label: "Time between two turns", unit: "minutes" },
      { key: "settle_seconds", label: "Time a file must rest", unit: "seconds" },
      { key: "expected_every_hours", label: "A roster is expected every", unit: "hours" },
    ],
  },
  {
    id: "mail",
    heading: "Mail",
    items: [
      {
        key: "reply_to_admin_email",
        label: "Reply-to Admin Email Address",
        help: "The sender of every mail. Alerts come here, too.",
      },
      {
        key: "failed_import_email",
        label: "Failed Import Email",
        help: "Who gets the failed records; several with commas.",
      },
      {
        key: "mail_on",
        label: "When to mail",
        help: "After which imports the failed import address is mailed.",
        words: {
          failures: "When something failed, was rejected or is held",
          always: "For every import",
        },
      },
      { key: "smtp.host", label: "Mail server", help: "Its name or address. Without one, no mail is sent." },
      { key: "smtp.port", label: "Port", help: "Of the mail server." },
      {
        key: "smtp.security",
        label: "Connection",
        help: "How the connection to the mail server is protected.",
        words: {
          starttls: "STARTTLS, demanded (usual on port 587)",
          tls: "TLS from the first byte (usual on port 465)",
          none: "Not protected; only without a user name",
        },
      },
      { key: "smtp.user", label: "User name", help: "For the mail server. Empty: no login." },
      {
        key: "smtp.password",
        label: "Password",
        help: "For the mail server; ROSTERD_SMTP_PASSWORD wins over it.",
        editor: "password",
      },
      {
        key: "smtp.ca_file",
        label: "Certificates to trust",
        help:
          "A PEM file on the machine of rosterd, for a mail server of a private authority. Empty: those of the machine.",
      },
    ],
  },
  {
    id: "archiving",
    heading: "Archiving",
    items: [
      {
        key: "archive_inactive_users",
        label: "Users whose record says active = 0",
        help: "What an import does with them.",
        words: { false: "Disable them; they keep their permits", true: "Archive them and release their permits" },
      },
      {
        key: "missing_users",
        label: "Users who are missing from the roster",
        help: "Of the login sources of which the roster has users.",
        words: {
          keep: "Keep them as they are",
          archive: "Archive them and release their permits",
        },
      },
      { key: "archive_guard.max_percent", label: "Archive guard: share of active users", unit: "percent" },
      { key: "archive_guard.min_users", label: "Archive guard: never below", unit: "users" },
    ],
  },
  {
    id: "reading",
    heading: "Reading rosters",
    items: [
      { key: "login_sources", label: "Login sources", editor: "lines" },
      { key: "user_types", label: "User types", editor: "lines" },
      { key: "required_columns", label: "Required columns", editor: "columns" },
      {
        key: "header_aliases",
        label: "More names for columns",
        help: "What columns are called in your rosters, beside the names that are known anyway.",
        editor: "aliases",
      },
      {
        key: "unknown_columns",
        label: "Unknown columns",
        help: "What happens to a roster that has some.",
        words: { ignore: "Ignore them, and say so once", reject: "Reject the file" },
      },
      {
        key: "empty_values",
        label: "Empty values",
        help: "What an empty value in a roster does.",
        words: { keep: "Keep what the user has", clear: "Clear it" },
      },
      {
        key: "clear_token",
        label: "A value that always clears",
        help: "Written in a roster, it empties the value of the user. Empty: nothing does.",
      },
      {
        key: "fallback_encoding",
        label: "Encoding of files that are not Unicode",
        help: 'As which they are read; with "reject" they are not.',
        editor: "select",
      },
    ],
  },
  {
    id: "keeping",
    heading: "Keeping",
    items: [{ key: "bak_retention_days", label: "Keep files in bak, failures and undo for", unit: "days" }],
  },
];
