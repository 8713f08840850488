/**
 * Generates settings, users and rosters from small alphabets, so that value maps, defaults and known users often
 * involve the same values.
 */
import fc from "fast-check";
import { DATE_FORMATS, foldValue } from "../../../src/domain/setting_values.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { InvalidSettings } from "../../../src/domain/parse_settings.ts";
import { validSettings } from "../../../src/importer/checks/valid_settings.ts";
import { type Name, NAMES, type Person, type Roster, type RosterRecord } from "./model.ts";

const IDS = ["1", "7", "07", "007", "a", "b"];

const DATES = [
  "1999-12-31",
  "31/12/1999",
  "12.31.1999",
  "19991231",
  "31-DEC-1999",
  "1-2-2000",
  "2000-02-30",
  "1/1/2999",
];

/** Values in a file, or keys of a value map. */
const TEXTS: Record<Name | "active", string[]> = {
  login_source: ["ldap", "LDAP", "sso", "Local"],
  email: ["a@x.org", "A@x.org", "b@x.org", "c@x.org", "none"],
  city: ["Hull", "hull", "Ottawa", "1.2E+3", "Hu\ufffdl"],
  province: ["on", "QC", "Ontario", "N/A", "é"],
  phone_cell: ["111", "222", "1.23E+11", "2E-5", "1.5E", "n/a"],
  data_of_birth: [...DATES, "unknown"],
  active: ["0", "1", "1", "Y", "n", "N/A"],
};

/** Valid values, which a value map, a default or another program may set. */
const GOOD: Record<Name | "active", string[]> = {
  login_source: ["ldap", "sso"],
  email: ["a@x.org", "d@x.org"],
  city: ["Hull", "Toronto"],
  province: ["ON", "qc"],
  phone_cell: ["111", "333"],
  data_of_birth: ["1999-12-31", ...DATES.slice(1, 6)],
  active: ["0", "1"],
};

/** Values as stored in the database. */
const STORED = {
  ...GOOD,
  province: ["ON", "QC"],
  data_of_birth: ["1999-12-31", "2000-02-01"],
};

const respelled = (text: string) =>
  fc.constantFrom<(text: string) => string>(
    (text) => text,
    (text) => text.toUpperCase(),
    (text) => text.toLowerCase(),
    (text) => ` ${text} `,
    (text) => `${text}\u00a0`,
  ).map((respell) => respell(text));

/** Most values are valid so that many records are applied. */
const textOf = (name: Name | "active") =>
  fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(...STORED[name]) },
    { weight: 4, arbitrary: fc.constantFrom(...TEXTS[name]).chain(respelled) },
    { weight: name === "login_source" ? 1 : 6, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom("(clear)", "-", " (clear) ") },
  );

const some = <T>(values: readonly T[], maxLength: number) => fc.uniqueArray(fc.constantFrom(...values), { maxLength });

const valueMap = (name: Name | "active") =>
  fc.uniqueArray(
    fc.tuple(
      fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(...TEXTS[name]).chain(respelled) },
        fc.constantFrom("(clear)", "-"),
      ),
      fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...GOOD[name]) }, fc.constantFrom("", "(clear)", "-")),
    ),
    { selector: ([from]) => foldValue(from), minLength: 1, maxLength: 4 },
  ).map((entries) => [name, Object.fromEntries(entries)] as const);

const DEFAULTED = NAMES.filter((name) => name !== "email");

const document = fc.record({
  value_maps: fc.uniqueArray(fc.constantFrom(...NAMES, "active" as const), { maxLength: 4 })
    .chain((names) => fc.tuple(...names.map(valueMap))).map((maps) => Object.fromEntries(maps)),
  defaults: some(DEFAULTED, 3)
    .chain((names) => fc.tuple(...names.map((name) => fc.constantFrom(...GOOD[name]).map((value) => [name, value]))))
    .map((pairs) => Object.fromEntries(pairs)),
  date_format: fc.constantFrom(...DATE_FORMATS),
  fill_only_columns: some(NAMES, 3),
  empty_values: fc.constantFrom("keep", "clear"),
  clear_token: fc.constantFrom("(clear)", "(clear)", "-", ""),
  required_columns: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, some(["city", "province", "active"], 2)),
  detect_spreadsheet_damage: fc.boolean(),
  login_sources: fc.constantFrom([], [], ["ldap", "sso"]),
  archive_inactive_users: fc.boolean(),
  missing_users: fc.constantFrom("keep", "keep", "keep", "archive"),
  archive_guard: fc.constant({ max_percent: 100, min_users: 0 }),
  change_guard: fc.constant({ max_percent: 100, min_users: 0 }),
});

/** Generates only settings that rosterd accepts. */
const settings: fc.Arbitrary<Settings> = document.map(accepted).filter((one) => one !== null);

function accepted(document: unknown): Settings | null {
  try {
    return validSettings(document);
  } catch (error) {
    if (error instanceof InvalidSettings) return null;
    throw error;
  }
}

const person: fc.Arbitrary<Person> = fc.record({
  ...Object.fromEntries(NAMES.map((name) => [name, fc.option(fc.constantFrom(...STORED[name]))])),
  login_source: fc.constantFrom(...STORED.login_source),
  state: fc.constantFrom("active", "active", "disabled", "archived"),
}) as never;

const people = fc.uniqueArray(fc.tuple(fc.constantFrom(...IDS), person), {
  comparator: ([a, one], [b, other]) => a === b || (one.email !== null && one.email === other.email),
  maxLength: 4,
});

const cell = (name: Name | "active") => fc.record({ text: textOf(name), isQuoted: fc.boolean() });

const record: fc.Arbitrary<RosterRecord> = fc.record({
  unique_id: fc.constantFrom(...IDS),
  ...Object.fromEntries([...NAMES, "active" as const].map((name) => [name, cell(name)])),
}) as never;

/** The last record sometimes repeats the first one. */
const records = fc.tuple(fc.array(record, { minLength: 1, maxLength: 5 }), fc.constantFrom(true, false, false, false))
  .map(([records, isRepeated]) => isRepeated ? [...records, records[0]] : records);

const roster: fc.Arbitrary<Roster> = fc.record({
  records,
  columns: fc.subarray([...NAMES.slice(1), "active" as const], { minLength: 3 }).chain((columns) =>
    fc.constantFrom(...[...Array(7).fill(["login_source"]), []]).map((first) => [...first, ...columns])
  ),
});

/** A change that another program makes to a user. */
export interface Elsewhere {
  id: string;
  name: Name | "delete";
  value: string | null;
}

const elsewhere: fc.Arbitrary<Elsewhere> = fc.constantFrom(...NAMES, "delete" as const).chain((name) =>
  fc.record({
    id: fc.constantFrom(...IDS),
    name: fc.constant(name),
    value: name === "delete"
      ? fc.constant(null)
      : fc.option(fc.constantFrom(...STORED[name]), { freq: name === "login_source" ? 1e9 : 2 }),
  })
);

/** Another import; null means that a part is unchanged from the previous import. */
export interface Night {
  elsewhere: Elsewhere[];
  settings: Settings | null;
  roster: Roster | null;
}

const night: fc.Arbitrary<Night> = fc.record({
  elsewhere: fc.array(elsewhere, { maxLength: 2 }),
  settings: fc.option(settings, { freq: 2 }),
  roster: fc.option(roster, { freq: 1 }),
});

export interface Story {
  people: [string, Person][];
  first: { settings: Settings; roster: Roster };
  nights: Night[];
  /** Whether each roster has enough additional records for the unchanged-record cache to be used. */
  isLong: boolean;
  /**
   * Whether the records are sent by COPY. Otherwise, they are sent by statements, which are faster for a few records.
   */
  copies: boolean;
  /** Whether a dry run precedes each import. */
  checks: boolean;
}

export const story: fc.Arbitrary<Story> = fc.record({
  people,
  first: fc.record({ settings, roster }),
  nights: fc.array(night, { minLength: 1, maxLength: 2 }),
  isLong: fc.constantFrom(true, false, false, false),
  copies: fc.constantFrom(true, ...Array(11).fill(false)),
  checks: fc.constantFrom(true, false, false),
});
