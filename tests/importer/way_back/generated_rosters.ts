/**
 * Generates rosters with every kind of failing record, in any encoding, with any delimiter, with headers in any order
 * and with values that are difficult for spreadsheets and CSV readers.
 */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { FALLBACK_ENCODINGS } from "../../../src/domain/setting_values.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";

export interface GeneratedRoster {
  bytes: Uint8Array;
  settings: Settings;
  /** The headers that must precede the `rosterd_…` headers in the failed-records file. */
  kept: string[];
  delimiter: string;
}

/** Values that are valid for an import but difficult for programs that write, open or save CSV. */
const TEXTS = [
  ...[
    "",
    "",
    "x",
    "Anna",
    "O'Neil",
    "'t Hooft",
    "'",
    "''",
    "'=1",
    "''=1",
    "'007",
    "12 Main",
    "007",
    "1E5",
    "1/2",
    "12:30",
  ],
  ...[
    "12345678901234567",
    "=1+1",
    "+1 613",
    "-5",
    "@x",
    "＝1",
    "\tx",
    "a\tb",
    "\n=1",
    "\r",
    "a\r\nb",
    "a\nb\n",
    " =1",
    " 7 ",
  ],
  ...[
    '"',
    '""',
    'say "no"',
    '"q"',
    "a,b",
    "a;b",
    "a|b",
    "7 Elm, Apt; 4",
    "sep=;",
    "(clear)",
    "é",
    "Zoë\u00a0",
    "Ł",
    "Ж",
    "😀",
  ],
];
const UNKNOWN_HEADERS = [
  ...[
    "note",
    "note",
    "",
    "Größe",
    "=cmd|' /c calc'!A0",
    "+x",
    "1/2",
    "'=a",
    "''",
    'in "quotes"',
    "two\nlines",
    " outer ",
  ],
  ...["a,b", "a;b", "a\tb", "first_name;last_name;city", "street,street2,city2", "user_name\temail"],
];
const OWN_HEADERS = ["rosterd_line", "rosterd_column", "ROSTERD-Reason", "rosterd record"];

interface ColumnPlan {
  header: string;
  good: readonly string[];
  bad: readonly string[];
}

const KNOWN: readonly ColumnPlan[] = [
  {
    header: "unique_id",
    good: ["u1", "007", "1E5", "=1", "'x", "12-5", " u2 ", "+u", " 007 "],
    bad: ["", "a\u200bb", "x".repeat(51)],
  },
  { header: "login_source", good: ["ldap", "@sso", "00"], bad: [""] },
  { header: "First Name", good: TEXTS, bad: ["x".repeat(51), "=" + "é".repeat(60)] },
  { header: "street", good: TEXTS, bad: ["=".repeat(201)] },
  { header: "province", good: ["", "ON", "qc"], bad: ["Ontario", "=A", "1", "'-1"] },
  { header: "state", good: ["", "NS"], bad: ["+1", "a b"] },
  { header: "-Nr", good: TEXTS.map((text) => text.slice(0, 20)), bad: ["0".repeat(51)] },
  {
    header: "date_of_birth",
    good: ["", "1999-12-31", "'2000-02-29", "(clear)"],
    bad: ["31/12/1999", "1/2", "Dec 2000"],
  },
  { header: "EMail", good: ["", "a@x.org", " b@x.org "], bad: ["a(at)x.org", "@x.org", "=1"] },
  { header: "active", good: ["", "0", "1", "'1"], bad: ["2", "TRUE", "-1", "(clear)"] },
];

/** The header and column of a value, and a valid value to correct it with. */
export const MENDED: Readonly<Record<string, string>> = {
  unique_id: "mended",
  login_source: "ldap",
  province: "ON",
  data_of_birth: "'1999-12-31",
  email: "mended@example.edu",
  active: "1",
};

interface Manner {
  delimiter: string;
  sepLine: boolean;
  lineEnd: string;
  encoding: string;
  columns: ColumnPlan[];
}

const others = fc.subarray([...UNKNOWN_HEADERS, ...OWN_HEADERS]).map((headers) =>
  headers.map((header) => ({ header, good: TEXTS, bad: TEXTS }))
);
const columns = fc.tuple(fc.subarray([...KNOWN.slice(2)]), others).chain(([known, others]) => {
  const all = [...KNOWN.slice(0, 2), ...known, ...others];
  return fc.shuffledSubarray(all, { minLength: all.length });
});

const FALLBACKS = FALLBACK_ENCODINGS.filter((encoding) => encoding !== "reject");
const anyManner: fc.Arbitrary<Manner> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t"),
  sepLine: fc.boolean(),
  lineEnd: fc.constantFrom("\n", "\r\n", "\r"),
  encoding: fc.oneof(fc.constantFrom("utf-8", "utf-8 bom", "utf-16le", "utf-16be"), fc.constantFrom(...FALLBACKS)),
  columns,
});
/** Any other delimiter requires a first line such as `sep=~`. */
const anyDelimiter = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, fc.constantFrom(..."|:^_='.-!/"));

/** Readable rosters, some of whose records fail, each for one or more reasons. */
export const generatedRoster: fc.Arbitrary<GeneratedRoster> = fc.tuple(anyManner, anyDelimiter).chain(
  ([manner, other]) => {
    const used = other === null ? manner : { ...manner, delimiter: other, sepLine: true };
    return fc.tuple(fc.array(anyRecord(used), { maxLength: 8 }), fc.constantFrom("keep", "clear")).map(
      ([records, empty_values]) => toRoster(used, records, empty_values),
    );
  },
);

/** A record as text, without its line ending. The last record is complete so that the file does not look cut off. */
function anyRecord(manner: Manner): fc.Arbitrary<string> {
  const cells = fc.tuple(...manner.columns.map((plan) => anyCell(manner, plan)));
  const broken = fc.constantFrom<(cells: string[]) => string[]>(
    (cells) => cells.slice(1),
    (cells) => [...cells, "more"],
    (cells) => cells.with(-1, 'a "stray" quote'),
    (cells) => cells.with(0, '"text"behind'),
    (cells) => cells.with(-1, '"not closed'),
    (cells) => cells.with(0, '"con\u0001trol"'),
    (cells) => cells.with(0, "=tab\tor delimiter within"),
  );
  const weighted = fc.oneof({ weight: 5, arbitrary: fc.constant((cells: string[]) => cells) }, broken);
  return fc.tuple(cells, weighted).map(([cells, spoil]) => spoil(cells).join(manner.delimiter));
}

function anyCell({ delimiter }: Manner, { good, bad }: ColumnPlan): fc.Arbitrary<string> {
  const value = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...good) }, fc.constantFrom(...bad));
  return fc.tuple(value, fc.boolean()).map(([value, wantsQuotes]) => written(value, delimiter, wantsQuotes));
}

/** Writes a value as CSV. */
export function written(value: string, delimiter: string, wantsQuotes = false): string {
  const needsQuotes = wantsQuotes || /["\r\n\t]|^\s|\s$/.test(value) || value.includes(delimiter);
  return needsQuotes ? `"${value.replaceAll('"', '""')}"` : value;
}

function toRoster(manner: Manner, records: string[], empty_values: string): GeneratedRoster {
  const { delimiter, sepLine, lineEnd, columns, encoding } = manner;
  const names = columns.map(({ header }) => header);
  // Other delimiters in the headers are quoted so that the file's delimiter is unambiguous.
  const header = names.map((name) => written(name, delimiter, /[,;\t]/.test(name))).join(delimiter);
  const whole = columns.map(({ good }) => written(good[1], delimiter)).join(delimiter);
  const first = sepLine ? [`sep=${delimiter}`] : [];
  const text = [...first, header, ...records, whole, ""].join(lineEnd);
  return {
    bytes: encoded(text, encoding),
    settings: parseSettings({
      empty_values,
      header_aliases: { "-Nr": "student_no" },
      ...(FALLBACKS.some((one) => one === encoding) ? { fallback_encoding: encoding } : {}),
    }),
    kept: names.filter((name) => !OWN_HEADERS.includes(name)).map((name) => afterEncoding(name, encoding)),
    delimiter,
  };
}

function encoded(text: string, encoding: string): Uint8Array {
  switch (encoding) {
    case "utf-8":
      return Buffer.from(text);
    case "utf-8 bom":
      return Buffer.from(`\ufeff${text}`);
    case "utf-16le":
      return Buffer.from(`\ufeff${text}`, "utf16le");
    case "utf-16be":
      return Buffer.from(`\ufeff${text}`, "utf16le").swap16();
    default:
      return Uint8Array.from(text, (character) => singleByte(character, encoding));
  }
}

function afterEncoding(text: string, encoding: string): string {
  return new TextDecoder(encoding.split(" ")[0]).decode(encoded(text, encoding));
}

/**
 * Encodes a character as a byte of 0xE0 or more, which cannot form UTF-8 by chance. If the encoding lacks the
 * character, uses a different one.
 */
function singleByte(character: string, encoding: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x80) return code;
  const upper = new TextDecoder(encoding).decode(Uint8Array.from({ length: 0x20 }, (_, at) => 0xe0 + at));
  const at = upper.indexOf(character);
  return 0xe0 + (at >= 0 ? at : upper.search(/[^\ufffd]/));
}
