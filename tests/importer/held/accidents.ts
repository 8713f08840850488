/** Ten rosters with typical accidents, and ten ordinary ones, for an office of 200 people. */
import type { Settings } from "../../../src/domain/settings.ts";
import { csvOf } from "../../postgres/roster_database.ts";

type Person = Record<string, string>;

const LAST_NAMES = ["Côté", "Lévesque", "Tremblay", "Bélanger", "Fortin"];
const CITIES = ["Ottawa", "Hull", "Perth", "Almonte"];

function person(at: number): Person {
  return {
    unique_id: `s${1_000 + at}`,
    login_source: "ldap",
    date_of_birth: `19${80 + at % 20}-0${1 + at % 9}-1${at % 10}`,
    email: `person${at}@example.edu`,
    first_name: `First${at}`,
    last_name: `${LAST_NAMES[at % LAST_NAMES.length]}-${at}`,
    street: `${at + 1} Main Street`,
    city: CITIES[at % CITIES.length],
    postal_code: `K1A ${at}`,
    user_type_id: String(1 + at % 3),
    phone_cell: `613-555-${1_000 + at}`,
  };
}

const EVERYBODY = Array.from({ length: 200 }, (_, at) => person(at));

export const OFFICE = csvOf(EVERYBODY);

export interface Case {
  roster: string;
  settings?: Partial<Settings>;
  /** The columns that the guard names, starting with the one that affects the most users. */
  says: string[];
}

const changed = (change: (one: Person, at: number) => Person) =>
  csvOf(EVERYBODY.map((one, at) => ({ ...one, ...change(one, at) })));

const first = (count: number, change: (one: Person) => Person) => changed((one, at) => at < count ? change(one) : {});

/** From this column on, each value moves to the next column. */
function shifted(from: string): string {
  return csvOf(EVERYBODY.map((one) => {
    const names = Object.keys(one), start = names.indexOf(from);
    const values = names.map((name, at) => at < start ? one[name] : at === start ? "" : one[names[at - 1]]);
    return Object.fromEntries(names.map((name, at) => [name, values[at]]));
  }));
}

/** Changes the order of the headers but not that of the values. */
const REORDERED = OFFICE.replace(
  '"first_name","last_name","street","city"',
  '"last_name","street","city","first_name"',
);

const misread = (text: string) => new TextDecoder("windows-1252").decode(new TextEncoder().encode(text));

const OTHERS = Array.from({ length: 130 }, (_, at) => person(500 + at));

export const ACCIDENTS: Record<string, Case> = {
  "a column shifted by one": {
    roster: shifted("first_name"),
    says: ["last_name", "street", "city", "postal_code", "phone_cell", "user_type_id"],
  },
  "the header in another order": { roster: REORDERED, says: ["first_name", "last_name", "street", "city"] },
  "another mail domain": {
    roster: changed(({ email }) => ({ email: email.replace("example.edu", "campus.example.edu") })),
    says: ["email"],
  },
  "all last names in capitals": {
    roster: changed(({ last_name }) => ({ last_name: last_name.toUpperCase() })),
    says: ["last_name"],
  },
  "user types renumbered": {
    roster: changed(({ user_type_id }) => ({ user_type_id: `1${user_type_id}` })),
    says: ["user_type_id"],
  },
  "one column emptied, and empty values clear": {
    roster: changed(() => ({ phone_cell: "" })),
    settings: { empty_values: "clear" },
    says: ["phone_cell"],
  },
  "broken encoding": { roster: misread(OFFICE), says: ["last_name"] },
  "two columns swapped": {
    roster: changed(({ first_name, last_name }) => ({ first_name: last_name, last_name: first_name })),
    says: ["first_name", "last_name"],
  },
  "test data": {
    roster: changed((_, at) => ({ first_name: "Test", last_name: `User ${at}`, city: "Testville" })),
    says: ["first_name", "last_name", "city"],
  },
  "the file of last year": {
    roster: changed(({ user_type_id }, at) => ({
      user_type_id: String(Number(user_type_id) + 4),
      street: at < 120 ? "1 Residence Road" : `${at + 1} Main Street`,
    })),
    says: ["user_type_id", "street"],
  },
};

export const HONEST: Record<string, Omit<Case, "says">> = {
  "the same file again": { roster: OFFICE },
  "one in twenty moved": { roster: first(10, () => ({ city: "Kanata" })) },
  "just half of the people changed type": { roster: first(100, () => ({ user_type_id: "9" })) },
  "a new term with 130 new people": { roster: csvOf([...EVERYBODY.slice(50), ...OTHERS]) },
  "a column filled for the first time": { roster: changed((_, at) => ({ student_no: `90${at}` })) },
  "a small file with all of its 50 people changed": {
    roster: csvOf(EVERYBODY.slice(0, 50).map((one) => ({ ...one, street: "1 New Road" }))),
  },
  "one column emptied, and empty values keep": { roster: changed(() => ({ phone_cell: "" })) },
  "dates in another format": {
    roster: changed(({ date_of_birth }) => ({ date_of_birth: date_of_birth.split("-").reverse().join("/") })),
    settings: { date_format: "DD/MM/YYYY" },
  },
  "a column that people fill in themselves": {
    roster: changed((_, at) => ({ phone_cell: `819-555-${1_000 + at}` })),
    settings: { fill_only_columns: ["phone_cell"] },
  },
  "the end of term, with everybody inactive": {
    roster: changed(() => ({ active: "0" })),
    settings: { archive_guard: { max_percent: 100, min_users: 0 } },
  },
};
