/**
 * Clean rosters with 24 columns and realistic values, formatted the way different programs write them. The column order
 * is the hardest case: the last columns accept any text, so a value in the wrong column does not break any rule.
 */

export const HEADER: readonly string[] = [
  "unique_id",
  "login_source",
  "active",
  "email",
  "province",
  "data_of_birth",
  "user_name",
  "first_name",
  "last_name",
  "street",
  "city",
  "postal_code",
  "phone_cell",
  "user_type_id",
  "employ_no",
  "employee_phone",
  "student_no",
  "student_phone",
  "drivers_license_num",
  "drivers_license_prov",
  "street2",
  "city2",
  // An unknown column, which rosterd ignores with a warning.
  "department",
  "zip2",
];

export interface CleanRoster {
  name: string;
  /** The values of each record, one for each column of the header. */
  records: readonly (readonly string[])[];
  /** The records as written in the file: the text of each value, including its quotes. */
  written: readonly (readonly string[])[];
}

/** The first row is the header, so the third block of 16 rows has nine records. */
const RECORDS = 40;

const pick = (list: readonly string[], at: number) => list[at % list.length];
const digits = (value: number, width: number) => String(value).padStart(width, "0");

/** Each id occurs only once in the file. */
const idOf = (at: number) => `Q${digits(at, 3)}Z`;

function fullRecord(at: number): string[] {
  return [
    idOf(at),
    "ldap",
    pick(["1", "1", "0"], at),
    `user.${at}@example.edu`,
    pick(["ON", "QC", "NS"], at),
    `19${digits(60 + (at % 39), 2)}-0${1 + (at % 9)}-1${at % 10}`,
    `user.${at}`,
    pick(["Anna", "Omar", "Zoë", "Jean Paul", "Priya"], at),
    pick(["Tremblay", "O'Neil", "Müller", "Nguyen", "van der Berg"], at),
    `${at + 1} Main Street`,
    pick(["Ottawa", "Montréal", "Hull"], at),
    `K${at % 10}A 1B${(at + 3) % 10}`,
    `613-555-${digits(1000 + at, 4)}`,
    pick(["student", "staff", "visitor"], at),
    `E${digits(at, 5)}`,
    `613-556-${digits(1000 + at, 4)}`,
    `S${digits(at, 5)}`,
    `613-557-${digits(1000 + at, 4)}`,
    `D${digits(at, 5)}`,
    pick(["ON", "QC"], at),
    `${at + 1} Elm Avenue`,
    pick(["Gatineau", "Kingston"], at),
    pick(["Physics", "Library", "Parking Office"], at),
    `J${at % 10}X 2C${(at + 5) % 10}`,
  ];
}

const valueAt = (name: string) => HEADER.indexOf(name);

/** A record with delimiters, doubled quotes and line endings inside its values. */
function awkwardRecord(at: number): string[] {
  const record = fullRecord(at);
  if (at % 2 === 0) record[valueAt("street")] = `${at + 1} Main Street, Apt. ${at}`;
  if (at % 3 === 0) record[valueAt("first_name")] = `Anna "Ann"`;
  if (at % 5 === 0) record[valueAt("street2")] = `c/o Roy\n${at} Elm Avenue`;
  return record;
}

/** A record whose values are often empty in the last columns and in some earlier ones. */
function sparseRecord(at: number, isEmpty: (value: number) => boolean = () => false): string[] {
  const last = HEADER.length - 1 - (at % 4);
  return awkwardRecord(at).map((value, column) =>
    column > last || isEmpty(column) || (column > valueAt("user_name") && (at * 7 + column * 5) % 6 === 0) ? "" : value
  );
}

const inQuotes = (value: string) => `"${value.replaceAll('"', '""')}"`;
const ifNeeded = (value: string) => /[",\n]/.test(value) ? inQuotes(value) : value;

function roster(
  name: string,
  recordAt: (at: number) => string[],
  write: (values: readonly string[], at: number) => string[],
): CleanRoster {
  const records = Array.from({ length: RECORDS }, (_, at) => recordAt(at));
  return { name, records, written: records.map(write) };
}

/** The widths at which a spreadsheet saves the second and third blocks of 16 rows. */
const BLOCK_WIDTHS = [HEADER.length, HEADER.length - 1, HEADER.length - 3];

const blockWidth = (at: number) => BLOCK_WIDTHS[Math.floor((at + 1) / 16)];

export const CLEAN_ROSTERS: readonly CleanRoster[] = [
  roster("plain", fullRecord, (values) => [...values]),
  roster("quoted", awkwardRecord, (values) => values.map(inQuotes)),
  roster("sparse", (at) => sparseRecord(at), (values) => values.map(ifNeeded)),
  roster("each record ends with a delimiter", (at) => sparseRecord(at), (values) => [...values.map(ifNeeded), ""]),
  roster(
    "saved by a spreadsheet in blocks",
    (at) => sparseRecord(at, (column) => column >= blockWidth(at)),
    (values, at) => values.map(ifNeeded).slice(0, blockWidth(at)),
  ),
];
