/**
 * Creates rosters for the measurements: 24 columns and about 182 bytes per record, with the same bytes for the same
 * seed.
 */
import { Buffer } from "node:buffer";

export interface RosterPlan {
  records: number;
  /** The number of the first user: rosters with different ranges have different users. */
  from?: number;
  /** In every n-th record, one value differs from the plain roster; 0 for none. */
  changedEvery?: number;
  /** In every n-th record, one value is invalid; 0 for none. */
  failingEvery?: number;
  /** In every n-th record, the user is inactive; 0 for none. */
  inactiveEvery?: number;
  /** Every n-th record repeats the previous one; 0 for no repeats. */
  repeatedEvery?: number;
  /** The share of users, at the end of the file, who are not in the plain roster. */
  newPart?: number;
  /**
   * Whether the roster is an export whose values must be mapped: no login source, province names, DD/MM/YYYY dates, Y
   * and N.
   */
  isExport?: boolean;
  /** Every n-th user is missing; 0 for none. */
  missingEvery?: number;
  shape?: RosterShape;
}

/** The format of a roster, independent of its content. */
export interface RosterShape {
  /** A subset of the 24 columns. */
  columns?: readonly string[];
  /** The ids have no leading zeros. */
  isUnpadded?: boolean;
  /** "clustered" means runs of 1,000 consecutive users, with the runs in random order. */
  order?: "reversed" | "shuffled" | "clustered";
  /** All values are in quotes, and lines end with CRLF. */
  isQuoted?: boolean;
  isCrlf?: boolean;
  /** Names, streets and cities are in Greek letters. */
  isGreek?: boolean;
  /** Columns that need not be unique contain a single letter. */
  isShort?: boolean;
  encoding?: "utf-16" | "gz";
  /** The number of characters to append to `street`. */
  longer?: number;
}

export const ROSTER_HEADER =
  "unique_id,login_source,first_name,last_name,user_name,email,street,city,province,postal_code,street2,city2,state2," +
  "zip2,phone_cell,user_type_id,employ_no,employee_phone,student_no,student_phone,drivers_license_num," +
  "drivers_license_prov,data_of_birth,active";

const FIRST_NAMES = [
  "Anna",
  "Omar",
  "Li",
  "Sofia",
  "Jean",
  "Priya",
  "Mohammed",
  "Chloé",
  "Noah",
  "Ingrid",
  "José",
  "Zoë",
];
const LAST_NAMES = [
  "Tremblay",
  "Singh",
  "O'Neil",
  "Nguyen",
  "Martin",
  "Müller",
  "Garcia",
  "Roy",
  "Chan",
  "Kowalski",
  "Smith",
];
const CITIES = ["Ottawa", "Gatineau", "Montréal", "Toronto", "Kingston", "Halifax"];
const PROVINCES = ["ON", "QC", "QC", "ON", "ON", "NS"];
const TYPES = ["student", "staff", "faculty", "visitor"];
const EXPORT_PROVINCES: Readonly<Record<string, string>> = { ON: "Ontario", QC: "Quebec", NS: "Nova Scotia" };

/** A small seeded random number generator (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

const digits = (value: number, width: number) => String(value).padStart(width, "0");

const capitalized = (word: string) => word[0].toUpperCase() + word.slice(1);

function record(
  user: number,
  { changed, failing, inactive, isExport }: Record<"changed" | "failing" | "inactive" | "isExport", boolean>,
  { isUnpadded = false, longer = 0, isGreek = false, isShort = false }: RosterShape,
): string[] {
  const next = numbers(user);
  const pick = <T>(list: readonly T[]) => list[next() % list.length];
  const id = isUnpadded ? String(user) : digits(user, 8), place = next() % CITIES.length;
  const [year, month, day] = [1960 + (next() % 45), digits(1 + (next() % 12), 2), digits(1 + (next() % 28), 2)];
  const birth = isExport ? `${day}/${month}/${year}` : `${year}-${month}-${day}`;
  const values = [
    `U${id}`,
    isExport ? "" : "ldap",
    pick(FIRST_NAMES),
    pick(LAST_NAMES),
    `user${id}`,
    `user${id}@example.edu`,
    `${1 + (next() % 999)} ${changed ? "Elm" : "Main"} Street${"x".repeat(longer)}`,
    CITIES[place],
    isExport ? EXPORT_PROVINCES[PROVINCES[place]] : PROVINCES[place],
    `K${next() % 10}A ${next() % 10}B${next() % 10}`,
    next() % 4 === 0 ? `Room ${next() % 500}` : "",
    "",
    "",
    "",
    `613-555-${digits(next() % 10_000, 4)}`,
    isExport ? capitalized(pick(TYPES)) : pick(TYPES),
    `E${digits(user, 7)}`,
    `613-556-${digits(next() % 10_000, 4)}`,
    `S${digits(user, 7)}`,
    `613-557-${digits(next() % 10_000, 4)}`,
    `D${digits(next() % 10_000_000, 7)}`,
    PROVINCES[place],
    failing ? "31/12/1999" : birth,
    isExport ? inactive ? "N" : "Y" : inactive ? "0" : "1",
  ];
  if (isGreek) { for (const at of WORDS) values[at] = inGreek(values[at]); }
  if (isShort) { for (const at of SHORTENED) values[at] = values[at].slice(0, 1); }
  return values;
}

/** The columns of `ROSTER_HEADER` that contain words and whose values may have any length. */
const WORDS = [2, 3, 6, 7, 10], SHORTENED = [1, ...WORDS, 9, 14, 15, 16, 17, 18, 19, 20];

function inGreek(text: string): string {
  return text.replace(/[a-z]/gi, (letter) => String.fromCharCode(0x3b1 + letter.charCodeAt(0) % 24));
}

/** Writes one row of all 24 values in the given shape. */
function rowOf({ columns, isQuoted = false, isCrlf = isQuoted }: RosterShape): (values: readonly string[]) => string {
  const all = ROSTER_HEADER.split(","), chosen = columns?.map((name) => all.indexOf(name));
  return (values) => {
    const some = chosen === undefined ? values : chosen.map((at) => values[at]);
    const written = isQuoted ? some.map((value) => `"${value}"`) : some;
    return written.join(",") + (isCrlf ? "\r\n" : "\n");
  };
}

const CLUSTER = 1_000;

/**
 * The number of the record at a position in the file. The order is shuffled by stepping through the records with a step
 * that is coprime to their count.
 */
function placeIn(order: RosterShape["order"], records: number): (at: number) => number {
  if (order === "reversed") return (at) => records - 1 - at;
  if (order === undefined) return (at) => at;
  if (order === "clustered") {
    const clusters = Math.max(Math.floor(records / CLUSTER), 1), cluster = placeIn("shuffled", clusters);
    return (at) => at < clusters * CLUSTER ? CLUSTER * cluster(Math.floor(at / CLUSTER)) + at % CLUSTER : at;
  }
  let step = Math.floor(records * 0.618) | 1;
  while (commonFactor(step, records) > 1) step += 2;
  return (at) => Number(BigInt(at) * BigInt(step) % BigInt(records));
}

function commonFactor(a: number, b: number): number {
  return b === 0 ? a : commonFactor(b, a % b);
}

/** Writes a roster file. */
export async function writeRoster(path: string, plan: RosterPlan): Promise<void> {
  const { encoding } = plan.shape ?? {};
  const file = await Deno.open(path, { write: true, create: true, truncate: true });
  const encode = (text: string) => encoding === "utf-16" ? Buffer.from(text, "utf16le") : Buffer.from(text);
  const bytes = ReadableStream.from(textOf(plan)).pipeThrough(
    new TransformStream<string, Uint8Array<ArrayBuffer>>({
      transform: (text, to) => to.enqueue(Uint8Array.from(encode(text))),
    }),
  );
  await (encoding === "gz" ? bytes.pipeThrough(new CompressionStream("gzip")) : bytes).pipeTo(file.writable);
}

/** The text of a roster, in chunks. */
function* textOf(plan: RosterPlan): Generator<string> {
  const { records, from = 1, newPart = 0, isExport = false, shape = {} } = plan;
  const { changedEvery = 0, failingEvery = 0, inactiveEvery = 0, repeatedEvery = 0, missingEvery = 0 } = plan;
  const row = rowOf(shape), place = placeIn(shape.order, records), first = from + Math.floor(newPart * records);
  const isEvery = (every: number, at: number) => every > 0 && at % every === 0;
  let text = (shape.encoding === "utf-16" ? "\ufeff" : "") + row(ROSTER_HEADER.split(","));
  for (let at = 0; at < records; at++) {
    if (isEvery(missingEvery, at)) continue;
    const number = place(at), user = number > 0 && isEvery(repeatedEvery, number) ? number - 1 : number;
    const [changed, failing, inactive] = [changedEvery, failingEvery, inactiveEvery].map((every) =>
      isEvery(every, user)
    );
    text += row(record(first + user, { changed, failing, inactive, isExport }, shape));
    if (text.length < 1 << 20) continue;
    yield text;
    text = "";
  }
  yield text;
}
