/**
 * The settings schema (docs/settings.md): validation, types, defaults and the description of each key.
 * `settings.example.json`, the HTTP interface and OpenAPI are derived from it.
 */
import { z } from "zod";
import { nearest } from "../runtime/nearest.ts";
import { columnNamed, columnPosition, COLUMNS, foldHeader, ID_COLUMNS } from "./columns.ts";

const integer = (from: number, to: number) =>
  z.int({ error: "must be a whole number" })
    .min(from, { error: `must be at least ${from}` })
    .max(to, { error: `must be at most ${to}` });

const flag = () => z.boolean({ error: "must be true or false" });

const choice = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `must be one of ${values.map((value) => `"${value}"`).join(", ")}` });

const text = (longest = 200) =>
  z.string({ error: "must be text" }).max(longest, { error: `must have at most ${longest} characters` });

const textList = (longest: number) =>
  z.array(text(longest).min(1, { error: "must not be empty" }), { error: "must be a list of text values" }).max(10_000);

/** The HTML standard's definition of an email address (`<input type="email">`). */
export const EMAIL_ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export function addressList(addresses: string): string[] {
  return addresses.split(",").map((address) => address.trim()).filter((address) => address !== "");
}

const senderAddress = z.string({ error: "must be text" }).trim()
  .refine((value) => value === "" || EMAIL_ADDRESS.test(value), { error: "must be one email address, or empty" });

const receiverAddresses = text(1_000).trim()
  .refine((value) => addressList(value).every((address) => EMAIL_ADDRESS.test(address)), {
    error: "must be email addresses separated by commas, or empty",
  });

/** The single-byte encodings of the Encoding Standard, as TextDecoder names them. */
export const FALLBACK_ENCODINGS = [
  "windows-1252",
  "reject",
  "ibm866",
  "iso-8859-2",
  "iso-8859-3",
  "iso-8859-4",
  "iso-8859-5",
  "iso-8859-6",
  "iso-8859-7",
  "iso-8859-8",
  "iso-8859-8-i",
  "iso-8859-10",
  "iso-8859-13",
  "iso-8859-14",
  "iso-8859-15",
  "iso-8859-16",
  "koi8-r",
  "koi8-u",
  "macintosh",
  "windows-874",
  "windows-1250",
  "windows-1251",
  "windows-1253",
  "windows-1254",
  "windows-1255",
  "windows-1256",
  "windows-1257",
  "windows-1258",
  "x-mac-cyrillic",
] as const;

const COLUMN_NAMES = COLUMNS.map(({ name }) => name).join(", ");

const columnName = z.string({ error: "must be text" }).refine((name) => columnPosition(name) >= 0, {
  error: (issue) => `"${String(issue.input).slice(0, 80)}" is not a column; the columns are ${COLUMN_NAMES}`,
});

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
    "PEM file with the certificate authorities to trust. Empty: the machine's own.",
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

const percent = () =>
  z.number({ error: "must be a number" }).min(0, { error: "must be at least 0" }).max(100, {
    error: "must be at most 100",
  });

const archiveGuard = z.strictObject({
  max_percent: percent().default(10).describe(
    "Percentage of active users that may lose access without approval. 100 turns the guard off.",
  ),
  min_users: integer(0, 1_000_000_000).default(20).describe(
    "Up to this many users may lose access without approval, whatever the percentage.",
  ),
}, { error: objectError });

const changeGuard = z.strictObject({
  max_percent: percent().default(50).describe(
    "Percentage of a file's known users whose value in one column may change without approval. 100 turns the guard off.",
  ),
  min_users: integer(0, 1_000_000_000).default(50).describe(
    "Up to this many users may change in one column without approval, whatever the percentage.",
  ),
}, { error: objectError });

const headerAliases = z.record(text(200), columnName, { error: "must be an object that maps headers to columns" })
  .superRefine(
    (aliases, context) => {
      const seen = new Map<string, string>();
      for (const [header, column] of Object.entries(aliases)) {
        const folded = foldHeader(header);
        if (folded === "") {
          context.addIssue({ code: "custom", path: [header], message: "must contain a letter or a digit" });
        }
        const own = columnNamed(folded);
        if (own !== null && own.name !== column) {
          context.addIssue({ code: "custom", path: [header], message: `is already a name for ${own.name}` });
        }
        const before = seen.get(folded);
        if (before !== undefined && before !== column) {
          context.addIssue({
            code: "custom",
            path: [header],
            message: `is already mapped to ${before} in another spelling`,
          });
        }
        seen.set(folded, column);
      }
    },
  );

/** Reports each key for which `refusal` returns a message. */
function checkKeys<T>(refusal: (key: string) => string | null) {
  return (value: Record<string, T>, context: z.RefinementCtx) => {
    for (const key of Object.keys(value)) {
      const message = refusal(key);
      if (message !== null) context.addIssue({ code: "custom", path: [key], message });
    }
  };
}

const notAColumn = (name: string) =>
  columnPosition(name) < 0 ? `is not a column; the columns are ${COLUMN_NAMES}` : null;

/** Normalizes a value for lookup in a value map: trimmed, with A–Z in lower case. */
export function foldValue(value: string): string {
  return value.trim().replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

const valueMap = z.record(text(1_000), text(1_000), { error: "must be an object that maps values to values" })
  .superRefine((map, context) => {
    const seen = new Map<string, string>();
    for (const from of Object.keys(map)) {
      const folded = foldValue(from), before = seen.get(folded);
      const message = folded === ""
        ? "must not be empty: use defaults for empty values"
        : before === undefined
        ? null
        : `is the same value as ${JSON.stringify(before)}`;
      if (message !== null) context.addIssue({ code: "custom", path: [from], message });
      seen.set(folded, from);
    }
  });

const valueMaps = z.record(text(200), valueMap, { error: "must be an object that maps columns to objects" })
  .superRefine(
    checkKeys((name) => ID_COLUMNS.has(name) ? "cannot be mapped: it identifies the user" : notAColumn(name)),
  );

const IDENTIFYING: ReadonlySet<string> = new Set([...ID_COLUMNS, "user_name", "email"]);

export function mayHaveDefault(column: string): boolean {
  return !IDENTIFYING.has(column) && column !== "active";
}

const defaultValues = z.record(text(200), text(1_000).trim().min(1, { error: "must not be empty" }), {
  error: "must be an object that maps columns to values",
}).superRefine(
  checkKeys((name) =>
    IDENTIFYING.has(name)
      ? "cannot have a default: it is different for every user"
      : name === "active"
      ? "cannot have a default: a record without it does not change whether the user is active"
      : notAColumn(name)
  ),
);

const fillOnlyColumns = z.array(columnName, { error: "must be a list of columns" }).superRefine((names, context) => {
  names.forEach((name, at) => {
    if (!ID_COLUMNS.has(name) && name !== "active") return;
    context.addIssue({ code: "custom", path: [at], message: `"${name}" always comes from the roster` });
  });
});

/** Choices for `date_format`. YYYY-MM-DD is always accepted too. */
export const DATE_FORMATS = ["YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY", "YYYYMMDD", "DD-MON-YYYY"] as const;
export type DateFormat = typeof DATE_FORMATS[number];

function objectError(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "unrecognized_keys") return undefined;
  return "must be an object";
}

/** Refuses local times, because their time zone would be unknown. */
const TIME_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

const timeOrNever = text(40).trim().refine(
  (value) => value === "" || (TIME_WITH_OFFSET.test(value) && !Number.isNaN(Date.parse(value))),
  { error: "must be a time with its offset, such as 2026-12-24T18:00:00+01:00, or empty" },
);

/** Without a query, because links add a path and a fragment. */
const publicUrl = text(500).trim().refine(
  (value) => value === "" || (/^https?:\/\/[^\s?#@]+$/.test(value) && URL.canParse(value)),
  { error: "must be an address such as https://rosterd.example.edu, or empty" },
);

const keys = {
  interval_minutes: integer(1, 1_440).default(5).describe("Minutes between scans of the upload folder."),
  settle_seconds: integer(0, 3_600).default(30).describe(
    "Seconds that a file must stay unchanged before it is imported. 0: import at once.",
  ),
  apply: flag().default(true).describe(
    "Apply the files. Off: a trial, which checks the files, reports on them and moves them to bak, but changes no user.",
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
    'When to send mail: "failures" (failed records, rejected files and held users), "new" (the same, but known ' +
      'failures only once a week), or "always" (every import).',
  ),
  public_url: publicUrl.default("").describe(
    "The address of the admin page, such as https://rosterd.example.edu, for links in emails. Empty: no links.",
  ),
  archive_inactive_users: flag().default(false).describe(
    "Archive users whose record says active = 0, and release their permits. Off: they are only disabled.",
  ),
  missing_users: choice("keep", "archive").default("keep").describe(
    'What to do with users whom an earlier file of the feed named and this one does not: "keep" or "archive".',
  ),
  release_permits_after_days: integer(0, 3_650).default(0).describe(
    "Days for which users who lose access are only disabled and keep their permits, before they are archived. 0: archive at once.",
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
    "Columns in which users keep an existing value; the roster only fills empty ones.",
  ),
  detect_spreadsheet_damage: flag().default(true).describe(
    "Refuse values that a spreadsheet has damaged, such as 1.23E+11 or a unique_id without its leading zeros.",
  ),
  fallback_encoding: choice(...FALLBACK_ENCODINGS).default("windows-1252").describe(
    'The encoding to assume for files that are not Unicode, or "reject" to refuse them.',
  ),
  bak_retention_days: integer(0, 36_500).default(0).describe(
    "Days after which an import's failures, undo data and files in bak are deleted. 0: never.",
  ),
  purge_archived_after_days: integer(0, 36_500).default(0).describe(
    "Days after which archived users without an active permit are erased for ever, with every trace of them. 0: never.",
  ),
  expected_every_hours: integer(0, 8_760).default(0).describe(
    "Send an alert if no file has been imported for this many hours. 0: never.",
  ),
  clerks_may_decide: flag().default(false).describe(
    "Let clerks approve, discard and undo. Off: only admins decide.",
  ),
  smtp: smtp.prefault({}).describe("The mail server."),
};

/** The same setting for one feed: without a default, because an absent key means the value for all feeds. */
function override<T extends z.ZodType>(setting: z.ZodDefault<T> | z.ZodPrefault<T>): z.ZodOptional<T> {
  return setting.unwrap().optional().describe(setting.description!);
}

/** The settings that a feed can override. */
const feedSettings = z.strictObject({
  apply: override(keys.apply),
  paused_until: override(keys.paused_until),
  failed_import_email: override(keys.failed_import_email),
  mail_on: override(keys.mail_on),
  archive_inactive_users: override(keys.archive_inactive_users),
  missing_users: override(keys.missing_users),
  release_permits_after_days: override(keys.release_permits_after_days),
  archive_guard: z.strictObject({
    max_percent: override(archiveGuard.shape.max_percent),
    min_users: override(archiveGuard.shape.min_users),
  }, { error: objectError }).optional().describe(keys.archive_guard.description!),
  change_guard: z.strictObject({
    max_percent: override(changeGuard.shape.max_percent),
    min_users: override(changeGuard.shape.min_users),
  }, { error: objectError }).optional().describe(keys.change_guard.description!),
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

/** Lower case only, because some file systems ignore case. */
const FEED_NAME = /^[a-z][a-z0-9_-]{0,31}$/;

export function isFeedName(name: string): boolean {
  return FEED_NAME.test(name) && name !== "bak";
}

const feeds = z.record(z.string(), feedSettings, {
  error: "must be an object that maps names of feeds to their settings",
})
  .superRefine(
    checkKeys((name) =>
      isFeedName(name)
        ? null
        : name === "bak"
        ? "cannot be the name of a feed: bak is where imported files go"
        : "cannot be the name of a feed: begin it with a lower-case letter, use only a–z, 0–9, - and _, and at most 32 characters"
    ),
  );

/** Missing keys get their defaults; unknown keys are refused. */
export const settingsSchema = z.strictObject({
  ...keys,
  feeds: feeds.default({}).describe(
    'Subfolders of the upload folder with settings of their own: {"students": {"date_format": "DD/MM/YYYY"}}. ' +
      "If two feeds disagree about a user, the one listed first takes precedence.",
  ),
}, { error: objectError });

export type Settings = z.output<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = settingsSchema.parse({});

export interface SettingsProblem {
  /** The dotted key, such as `smtp.port`; empty for the whole document. */
  key: string;
  path: readonly PropertyKey[];
  /** What the value must be. */
  message: string;
}

export class InvalidSettings extends Error {
  override readonly name = "InvalidSettings";
  constructor(readonly problems: readonly SettingsProblem[]) {
    super(problems.map(({ key, message }) => key === "" ? message : `${key} ${message}`).join("; "));
  }
}

/** Validates a document and fills in the defaults. Throws {@link InvalidSettings}. */
export function parseSettings(document: unknown): Settings {
  const result = settingsSchema.safeParse(document);
  if (result.success) return result.data;
  throw new InvalidSettings(result.error.issues.flatMap(problemsOf));
}

function problemsOf(issue: z.core.$ZodIssue): SettingsProblem[] {
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const path = [...issue.path, key];
      return { key: path.join("."), path, message: unknownSetting(path.join(".")) };
    });
  }
  return [{ key: issue.path.join("."), path: issue.path, message: issue.message }];
}

/** All keys in dotted form, such as `smtp.port`. */
function keysOf(settings: object): string[] {
  return Object.entries(settings).flatMap(([key, value]) => {
    const isGroup = key !== "header_aliases" && typeof value === "object" && !Array.isArray(value);
    return isGroup ? [key, ...keysOf(value).map((inner) => `${key}.${inner}`)] : [key];
  });
}

/** The message for an unknown key, with a suggestion if one is close enough. */
export function unknownSetting(key: string): string {
  const [, feed, own] = /^(feeds\.[^.]*\.)(.+)$/s.exec(key) ?? ["", "", key];
  const all = keysOf(DEFAULT_SETTINGS);
  if (feed !== "" && all.includes(own)) return "cannot differ between feeds: set it for all of them";
  const meant = nearest(
    own,
    feed === "" ? all : all.filter((name) => Object.hasOwn(feedSettings.shape, name.replace(/\..*/s, ""))),
  );
  return meant === null ? "is not a setting" : `is not a setting (did you mean ${feed}${meant}?)`;
}

export function mailConfigured(settings: Settings): boolean {
  return settings.smtp.host !== "" && settings.reply_to_admin_email !== "" &&
    addressList(settings.failed_import_email).length > 0;
}

/** Shown instead of a secret. */
export const MASK = "***";

/** A copy with masked secrets. */
export function maskSettings(settings: Settings): Settings {
  return { ...settings, smtp: { ...settings.smtp, password: settings.smtp.password === "" ? "" : MASK } };
}
