/**
 * Realistic rosters, and damage to their bytes: flipped, inserted and deleted bytes, and missing ends. In a tame
 * roster, as is usual, no quoted value begins or ends with a delimiter, a blank, a line ending or a quote. For a tame
 * roster, `kept.ts` can predict exactly which records the damage affects. In a wild roster, some quoted values do.
 */
import { Buffer } from "node:buffer";
import fc from "fast-check";

export interface Roster {
  bytes: Uint8Array;
  /** The end of the header, including its line ending. */
  headerEnd: number;
  /** The positions of the records, including their line endings. */
  records: { start: number; end: number }[];
  tame: boolean;
}

/** Replaces the bytes from `at` up to `to`. */
export interface Edit {
  at: number;
  to: number;
  insert: Uint8Array;
}

export interface DamagedRoster {
  roster: Roster;
  /** The edits, in order and without overlap. */
  edits: Edit[];
  damaged: Uint8Array;
}

const HEADER = ["unique_id", "login_source", "first_name", "last_name", "email", "street", "city", "active"];

// None of these accented letters has a UTF-8 byte that is a control character or a blank in windows-1252.
const PLAIN = ["Anna", "Zoë", "O'Neil", "Montréal", "K1A 0B1", "12 Main Street", "Müller", "x@example.edu", "", "-1"];
const TAME = ['"7 Elm Street, Apt. 4"', '"the ""White"" House"', '"Müller; Söhne\tKG"', '"a,"",b"', '""', '"Garçon"'];
const TAME_LINES = ['"12 Main Street\nApt. 4"', '"c/o Zoë\r\n,""B""\r\nx"', '"1\r\r2"'];
const WILD = ['","', '"\n"', '",\n,"', '"""x"""', '" x "', '"a\n"', '";a"', '"""\n"""', '"\t"', '"\r\n,"'];

const UPLOAD = await Deno.readTextFile(new URL("../../testdata/first_import/upload.csv", import.meta.url));
/** In one example in the documentation, a quote is not closed. In a tame roster, that counts as damage. */
const OPEN_QUOTE = '"Noah,';

type Codec = "utf8" | "latin1";

interface Built {
  roster: Roster;
  /** The kinds of damage that are always included. */
  edits: Edit[];
}

function built(lines: string[], ends: readonly string[], tame: boolean, codec: Codec, mark = false): Built {
  const start = mark ? "\ufeff" : "";
  const places: { start: number; end: number }[] = [];
  let text = start;
  lines.forEach((line, at) => {
    const start = Buffer.byteLength(text, codec);
    text += line + ends[at % ends.length];
    places.push({ start, end: Buffer.byteLength(text, codec) });
  });
  const [header, ...records] = places;
  return {
    roster: { bytes: Uint8Array.from(Buffer.from(text, codec)), headerEnd: header.end, records, tame },
    edits: [],
  };
}

const generated: fc.Arbitrary<Built> = fc.record({
  delimiter: fc.constantFrom(",", ",", ";", "\t"),
  ends: fc.constantFrom(["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"]),
  quoted: fc.constantFrom(TAME, [...TAME, ...TAME_LINES], [...TAME_LINES, ...WILD]),
  codec: fc.constantFrom<Codec>("utf8", "utf8", "latin1"),
  mark: fc.boolean(),
}).chain(({ delimiter, ends, quoted, codec, mark }) => {
  const value = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...PLAIN) }, fc.constantFrom(...quoted));
  const values = fc.array(value, { minLength: HEADER.length - 2, maxLength: HEADER.length - 2 });
  return fc.array(values, { minLength: 1, maxLength: 12 }).map((rows) => {
    const records = rows.map((row, at) => [`10${at}`, "ldap", ...row].join(delimiter));
    const tame = quoted.every((value) => !WILD.includes(value));
    return built([HEADER.join(delimiter), ...records], ends, tame, codec, mark && codec === "utf8");
  });
});

const example: fc.Arbitrary<Built> = fc.constantFrom("\n", "\r\n").map((end) => {
  const whole = built(UPLOAD.replace(OPEN_QUOTE, "Noah,").trimEnd().split("\n"), [end], true, "utf8");
  const at = Buffer.from(whole.roster.bytes).indexOf("Noah,");
  return { ...whole, edits: [{ at, to: at, insert: Uint8Array.of(0x22) }] };
});

const SPECIAL = [
  '"',
  '"',
  '""',
  '",',
  ',"',
  '"\n',
  "\n",
  "\r",
  "\r\n",
  ",",
  ";",
  "\t",
  " ",
  "\u00a0",
  "\u0001",
  "x",
  "'",
];

const anyInsert: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...SPECIAL).map((text) => Uint8Array.from(Buffer.from(text))) },
  { weight: 2, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 4 }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom([0xff], [0xc2], [0xa0], [0xe2, 0x80]).map((bytes) => Uint8Array.from(bytes)),
  },
);

/** The kinds of damage that can be done to the bytes at a position. */
type Stroke =
  | { kind: "flip"; bit: number }
  | { kind: "replace" | "insert"; bytes: Uint8Array }
  | { kind: "delete"; length: number }
  | { kind: "truncate" };

interface Blow {
  place: number;
  near: boolean;
  header: boolean;
  stroke: Stroke;
}

const anyBlow: fc.Arbitrary<Blow> = fc.record({
  place: fc.nat(),
  /** The header may be damaged too. */
  header: fc.nat({ max: 15 }).map((die) => die === 15),
  /** Whether to place the damage next to a character such as a quote, a delimiter or a line ending. */
  near: fc.boolean(),
  stroke: fc.oneof<fc.WeightedArbitrary<Stroke>[]>(
    { weight: 8, arbitrary: fc.record({ kind: fc.constant("flip"), bit: fc.nat({ max: 7 }) }) },
    { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom("replace", "insert"), bytes: anyInsert }) },
    { weight: 4, arbitrary: fc.record({ kind: fc.constant("delete"), length: fc.integer({ min: 1, max: 40 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("truncate") }) },
  ),
});

/** Generates damaged rosters. */
export const damagedRoster: fc.Arbitrary<DamagedRoster> = fc.tuple(
  fc.oneof({ weight: 9, arbitrary: generated }, example),
  fc.oneof({ weight: 3, arbitrary: fc.array(anyBlow, { minLength: 1, maxLength: 1 }) }, {
    weight: 2,
    arbitrary: fc.array(anyBlow, { minLength: 2, maxLength: 4 }),
  }),
).map(([{ roster, edits: always }, blows]) =>
  damage(roster, [...always, ...blows.map((blow) => editOf(roster.bytes, placeOf(roster, blow), blow.stroke))])
);

function placeOf({ bytes, headerEnd }: Roster, { place, near, header }: Blow): number {
  const first = header ? 0 : headerEnd;
  if (!near) return first + place % (bytes.length + 1 - first);
  const special = [...bytes.keys()].filter((at) => at >= first && '",;\t\r\n'.includes(String.fromCharCode(bytes[at])));
  return special[place % special.length] + place % 2;
}

function editOf(bytes: Uint8Array, at: number, stroke: Stroke): Edit {
  const to = (length: number) => Math.min(at + length, bytes.length);
  switch (stroke.kind) {
    case "flip":
      return { at, to: to(1), insert: bytes.slice(at, at + 1).map((byte) => byte ^ (1 << stroke.bit)) };
    case "replace":
      return { at, to: to(stroke.bytes.length), insert: stroke.bytes };
    case "insert":
      return { at, to: at, insert: stroke.bytes };
    case "delete":
      return { at, to: to(stroke.length), insert: new Uint8Array() };
    case "truncate":
      return { at, to: bytes.length, insert: new Uint8Array() };
  }
}

/** Applies the edits that do not overlap an earlier one. */
function damage(roster: Roster, wanted: Edit[]): DamagedRoster {
  const edits: Edit[] = [], parts: Uint8Array[] = [];
  let from = 0;
  for (const edit of wanted.toSorted((one, other) => one.at - other.at)) {
    if (edit.at < from) continue;
    edits.push(edit);
    parts.push(roster.bytes.subarray(from, edit.at), edit.insert);
    from = edit.to;
  }
  const damaged = Uint8Array.from(Buffer.concat([...parts, roster.bytes.subarray(from)]));
  return Object.assign({ roster, edits, damaged }, { [fc.toStringMethod]: () => shown({ roster, edits, damaged }) });
}

function shown({ roster, edits, damaged }: DamagedRoster): string {
  const text = (bytes: Uint8Array) => JSON.stringify(Buffer.from(bytes).toString("latin1"));
  const done = edits.map(({ at, to, insert }) => `${at}-${to} ${text(insert)}`).join("; ");
  return `${roster.tame ? "tame" : "wild"} ${text(roster.bytes)}\n edits ${done}\n damaged ${text(damaged)}`;
}
