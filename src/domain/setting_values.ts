/** Rules for the values of settings, and the messages for values that break them (docs/settings.md). */
import { z } from "zod";
import { columnNamed, columnPosition, COLUMNS, foldHeader, ID_COLUMNS } from "./columns.ts";

export const integer = (from: number, to: number) =>
  z.int({ error: "must be a whole number" })
    .min(from, { error: `must be at least ${from}` })
    .max(to, { error: `must be at most ${to}` });

export const flag = () => z.boolean({ error: "must be true or false" });

export const choice = <const T extends readonly [string, ...string[]]>(...values: T) =>
  z.enum(values, { error: `must be one of ${values.map((value) => `"${value}"`).join(", ")}` });

export const text = (longest = 200) =>
  z.string({ error: "must be text" }).max(longest, { error: `must have at most ${longest} characters` });

export const textList = (longest: number) =>
  z.array(text(longest).min(1, { error: "must not be empty" }), { error: "must be a list of text values" }).max(10_000);

/** The HTML standard's definition of an email address (`<input type="email">`). */
export const EMAIL_ADDRESS =
  /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

export function addressList(addresses: string): string[] {
  return addresses.split(",").map((address) => address.trim()).filter((address) => address !== "");
}

export const senderAddress = z.string({ error: "must be text" }).trim()
  .refine((value) => value === "" || EMAIL_ADDRESS.test(value), { error: "must be one email address, or empty" });

export const receiverAddresses = text(1_000).trim()
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

export const columnName = z.string({ error: "must be text" }).refine((name) => columnPosition(name) >= 0, {
  error: (issue) => `"${String(issue.input).slice(0, 80)}" is not a column; the columns are ${COLUMN_NAMES}`,
});

export const percent = () =>
  z.number({ error: "must be a number" }).min(0, { error: "must be at least 0" }).max(100, {
    error: "must be at most 100",
  });

export const headerAliases = z.record(text(200), columnName, {
  error: "must be an object that maps headers to columns",
})
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
            message: `is already mapped to ${before} under a different spelling`,
          });
        }
        seen.set(folded, column);
      }
    },
  );

/** Reports each key for which `refusal` returns a message. */
export function checkKeys<T>(refusal: (key: string) => string | null) {
  return (value: Record<string, T>, context: z.RefinementCtx) => {
    for (const key of Object.keys(value)) {
      const message = refusal(key);
      if (message !== null) context.addIssue({ code: "custom", path: [key], message });
    }
  };
}

const notAColumn = (name: string) =>
  columnPosition(name) < 0 ? `is not a column; the columns are ${COLUMN_NAMES}` : null;

/** Normalizes a value for lookup in a value map: trims it and converts A–Z to lower case. */
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
        : `counts as the same value as ${JSON.stringify(before)}`;
      if (message !== null) context.addIssue({ code: "custom", path: [from], message });
      seen.set(folded, from);
    }
  });

export const valueMaps = z.record(text(200), valueMap, { error: "must be an object that maps columns to objects" })
  .superRefine(
    checkKeys((name) => ID_COLUMNS.has(name) ? "cannot be mapped: it identifies the user" : notAColumn(name)),
  );

const IDENTIFYING: ReadonlySet<string> = new Set([...ID_COLUMNS, "user_name", "email"]);

export function mayHaveDefault(column: string): boolean {
  return !IDENTIFYING.has(column) && column !== "active";
}

export const defaultValues = z.record(text(200), text(1_000).trim().min(1, { error: "must not be empty" }), {
  error: "must be an object that maps columns to values",
}).superRefine(
  checkKeys((name) =>
    IDENTIFYING.has(name)
      ? "cannot have a default: it is different for every user"
      : name === "active"
      ? "cannot have a default: a record without this value does not change whether the user is active"
      : notAColumn(name)
  ),
);

export const fillOnlyColumns = z.array(columnName, { error: "must be a list of columns" }).superRefine(
  (names, context) => {
    names.forEach((name, at) => {
      if (!ID_COLUMNS.has(name) && name !== "active") return;
      context.addIssue({ code: "custom", path: [at], message: `"${name}" always comes from the roster` });
    });
  },
);

/** The values of the setting `date_format`. Every roster may also use YYYY-MM-DD. */
export const DATE_FORMATS = ["YYYY-MM-DD", "DD/MM/YYYY", "MM/DD/YYYY", "YYYYMMDD", "DD-MON-YYYY"] as const;
export type DateFormat = typeof DATE_FORMATS[number];

export function objectError(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.code === "unrecognized_keys") return undefined;
  return "must be an object";
}

/** Matches only times with a UTC offset. */
const TIME_WITH_OFFSET = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;

export const timeOrNever = text(40).trim().refine(
  (value) => value === "" || (TIME_WITH_OFFSET.test(value) && !Number.isNaN(Date.parse(value))),
  { error: "must be a time with a UTC offset, such as 2026-12-24T18:00:00+01:00, or empty" },
);

/** The URL must not have a query, because links append a path and a fragment to it. */
export const publicUrl = text(500).trim().refine(
  (value) => value === "" || (/^https?:\/\/[^\s?#@]+$/.test(value) && URL.canParse(value)),
  { error: "must be an address such as https://rosterd.example.edu, or empty" },
);
