/** The columns of a roster (docs/file-format.md#columns). Header matching, checks and SQL all use this table. */

/** The kind of value in a column; `rules.ts` has one rule for each kind. */
export type ColumnKind = "unique_id" | "login_source" | "text" | "email" | "region" | "user_type" | "date" | "flag";

export interface Column {
  /** The canonical name, used in messages and settings. */
  readonly name: string;
  readonly otherNames: readonly string[];
  /** French header names. A header alias in the settings takes precedence over them. */
  readonly frenchNames: readonly string[];
  readonly kind: ColumnKind;
  /** The maximum length in code points; 0 if the length depends on `kind`. */
  readonly longest: number;
  /** The column name in `rosterd.users`. */
  readonly databaseName: string;
}

const FRENCH: Readonly<Record<string, readonly string[]>> = {
  unique_id: ["matricule"],
  first_name: ["prénom", "prenom"],
  last_name: ["nom"],
  email: ["courriel"],
  street: ["adresse"],
  city: ["ville"],
  postal_code: ["code postal"],
  phone_cell: ["téléphone", "telephone"],
  data_of_birth: ["date de naissance"],
  active: ["actif"],
};

function column(name: string, longest: number, kind: ColumnKind = "text", ...otherNames: string[]): Column {
  return { name, otherNames, frenchNames: FRENCH[name] ?? [], kind, longest, databaseName: name };
}

/** All columns. A record's problems are reported in this order. */
export const COLUMNS: readonly Column[] = [
  column("unique_id", 50, "unique_id", "user_uuid", "uuid", "user_unique_id"),
  column("old_unique_id", 50, "unique_id", "previous_unique_id"),
  column("login_source", 20, "login_source"),
  column("first_name", 50),
  column("last_name", 50),
  column("user_name", 50),
  column("email", 100, "email", "email_address"),
  column("street", 200),
  column("city", 50),
  column("province", 2, "region", "state", "prov"),
  column("postal_code", 20, "text", "zip"),
  column("street2", 200),
  column("city2", 50),
  column("state2", 2, "region", "province2"),
  column("zip2", 20, "text", "postal_code2"),
  column("phone_cell", 20),
  column("user_type_id", 20, "user_type", "user_type"),
  column("employ_no", 50),
  column("employee_phone", 50),
  column("student_no", 50),
  column("student_phone", 50),
  column("drivers_license_num", 50, "text", "driver_license_num", "driver_licence_num"),
  column("drivers_license_prov", 2, "region", "driver_license_state", "driver_licence_prov"),
  { ...column("data_of_birth", 0, "date", "date_of_birth"), databaseName: "date_of_birth" },
  column("locker_user_type_id", 20),
  column("active", 0, "flag"),
];

/** Columns that identify the user of a record rather than describe them. */
export const ID_COLUMNS: ReadonlySet<string> = new Set(
  COLUMNS.filter(({ kind }) => kind === "unique_id").map(({ name }) => name),
);

/** All columns except `active` and those that identify the user. */
export const VALUE_COLUMNS = COLUMNS.filter(({ kind }) => kind !== "unique_id" && kind !== "flag");

/** Columns that every roster must have, regardless of the settings. */
export const ALWAYS_REQUIRED: readonly string[] = ["unique_id", "login_source"];

/** Columns whose values are trimmed even if they are quoted (docs/file-format.md#blanks). */
export const ALWAYS_TRIMMED: ReadonlySet<string> = new Set([
  "unique_id",
  "old_unique_id",
  "login_source",
  "user_name",
  "email",
  "active",
]);

const POSITIONS = new Map(COLUMNS.map((column, position) => [column.name, position]));

/** Returns the position of a canonical column name in {@link COLUMNS}, or -1 if it names no column. */
export function columnPosition(name: string): number {
  return POSITIONS.get(name) ?? -1;
}

/** Control characters and invisible characters, such as zero-width spaces, direction marks and variation selectors. */
export const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

const INVISIBLES = new RegExp(INVISIBLE, "gu");

/** Normalizes a header for comparison: NFKC, lower case, without white space, hyphens, `_` or invisible characters. */
export function foldHeader(header: string): string {
  return header.normalize("NFKC").toLowerCase().replace(/[\s_\p{Pd}]+/gu, "").replace(INVISIBLES, "");
}

/** The column that a normalized header names; null for an unknown header. */
export function columnNamed(folded: string): Column | null {
  return COLUMNS.find(({ name, otherNames }) => [name, ...otherNames].some((one) => foldHeader(one) === folded)) ??
    null;
}

/**
 * Columns added to a failed-records file and ignored in a roster. The last of these columns is never empty, because
 * spreadsheets drop empty trailing columns.
 */
export const OWN_HEADERS = [
  "rosterd_line",
  "rosterd_column",
  "rosterd_code",
  "rosterd_since",
  "rosterd_record",
  "rosterd_reason",
];

/** The column for the text of a record that could not be parsed. */
export const OWN_RECORD = "rosterd_record";

/** Whether a header begins with `rosterd_`, in any spelling. */
export function isOwnHeader(header: string): boolean {
  return /^\s*rosterd[\s_\p{Pd}]/iu.test(header.normalize("NFKC").replace(INVISIBLES, ""));
}

/** Sorts the keys in column order, because PostgreSQL's jsonb does not keep the order of keys. */
export function inColumnOrder<T>(columns: Record<string, T>): Record<string, T> {
  return Object.fromEntries(Object.entries(columns).toSorted(([a], [b]) => columnPosition(a) - columnPosition(b)));
}
