/**
 * The kinds of pollution that affect a whole file: its header, any text above and below the records, its delimiters and
 * its line endings.
 */
import { type CleanRoster, HEADER } from "./clean_roster.ts";
import { type Layout, type PollutedFile, textOf } from "./polluted_file.ts";

/** One way to pollute a roster or part of it. */
type Place = [place: string, text: string, roster?: CleanRoster];

const header = HEADER.join(",");
const lines = (...texts: string[]) => texts.map((text) => text + "\n").join("");

/** A polluted file that otherwise contains the text of the clean roster. */
const laidOut = (
  place: string,
  roster: CleanRoster,
  layout: Layout,
): Place => [place, textOf(roster, new Map(), layout), roster];

const isEnded = ({ written }: CleanRoster) => written[0].length > HEADER.length;

/** {@link longerHeaders} covers the cases with more delimiters. */
function headers(roster: CleanRoster): Place[] {
  const names = [...HEADER];
  const each = (what: string, change: (at: number) => string) =>
    names.map((_, at) => laidOut(`${what} ${at + 1}`, roster, { header: change(at) }));
  const withName = (at: number, name: string) => names.map((one, other) => other === at ? name : one).join(",");
  return [
    ...each(
      "no delimiter after column",
      (at) =>
        names.slice(0, at + 1).join(",") + names.slice(at + 1, at + 2).join("") +
        names.slice(at + 2).map((name) => "," + name).join(""),
    ).slice(0, -1),
    laidOut("an extra delimiter at the end", roster, { header: header + "," }),
    ...each("a quote before column", (at) => withName(at, `"${names[at]}`)),
    ...each("a quote inside column", (at) => withName(at, names[at].slice(0, 3) + '"' + names[at].slice(3))),
    ...each("a quote after column", (at) => withName(at, `${names[at]}"`)),
    ...each(
      "a line ending instead of the delimiter after column",
      (at) => names.slice(0, at + 1).join(",") + "\n" + names.slice(at + 1).join(","),
    ).slice(0, -1),
    ...each("no name in column", (at) => withName(at, "")),
    ...[";", "\t", "|", " ", ":"].map((delimiter) =>
      laidOut(`delimiter ${JSON.stringify(delimiter)}`, roster, { header: names.join(delimiter) })
    ),
  ];
}

function longerHeaders(roster: CleanRoster): Place[] {
  return HEADER.flatMap((name, at) => {
    const before = HEADER.slice(0, at), after = HEADER.slice(at + 1);
    const header = (...names: string[]) => ({ header: [...before, ...names, ...after].join(",") });
    return [
      laidOut(`an extra delimiter before column ${at + 1}`, roster, header("", name)),
      laidOut(`a delimiter in column ${at + 1}`, roster, header(name.slice(0, 4), name.slice(4))),
    ];
  });
}

/** The parts of the split name are unknown, or a surplus delimiter in each record offsets the one in the header. */
const isHiddenHeader = (roster: CleanRoster, [place]: Place) => isEnded(roster) || place === "a delimiter in column 23";

const GROUPS = HEADER.map((_, at) => ["Person", "", "", "Contact", "", "", "", "", "", "Home"][at] ?? "");
const LABELS = HEADER.map((name) => name.replaceAll("_", " ").replace(/^./, (letter) => letter.toUpperCase()) + ":");
const TYPES = HEADER.map((name) => name === "data_of_birth" ? "date" : "text");
const firstWords = HEADER.map((name) => name.split("_")[0]),
  otherWords = HEADER.map((name) => name.split("_").slice(1).join("_"));

function severalHeaderRows(roster: CleanRoster): Place[] {
  return [
    laidOut("groups above", roster, { above: lines(GROUPS.join(",")) }),
    laidOut("labels below", roster, { header: lines(header) + LABELS.join(",") }),
    laidOut("types below", roster, { header: lines(header) + TYPES.join(",") }),
    laidOut("labels above", roster, { header: lines(LABELS.join(",")) + header }),
    laidOut("dashes below", roster, {
      header: lines(header) + HEADER.map((name) => "-".repeat(name.length)).join(","),
    }),
    laidOut("empty row below", roster, { header: lines(header) + HEADER.map(() => "").join(",") }),
    laidOut("names over two rows", roster, { header: lines(firstWords.join(",")) + otherWords.join(",") }),
    laidOut("a line ending in each name", roster, {
      header: HEADER.map((name) => `"${name.replace("_", "\n")}"`).join(","),
    }),
    laidOut("the same twice", roster, { header: lines(header) + header }),
    laidOut("the same three times", roster, { header: lines(header, header) + header }),
  ];
}

const NOTES = [
  "Students and staff",
  'Printed 2026-11-29 by "Registry"',
  "Source: campus system, live",
  '"Draft, not final',
];

function notes(count: number, delimited: boolean, withEmpty: boolean): string {
  const texts = Array.from({ length: count }, (_, at) => NOTES[at % NOTES.length]);
  const rows = texts.map((text) => delimited ? `${text.replace(/[",]/g, "")}${",".repeat(HEADER.length - 1)}` : text);
  const empty = delimited ? ",".repeat(HEADER.length - 1) : "";
  return lines(...(withEmpty ? rows.flatMap((row) => [row, empty]) : rows));
}

const eachNote = (count: number[], make: (place: string, text: string) => Place): Place[] =>
  count.flatMap((count) =>
    [false, true].flatMap((delimited) =>
      [false, true].map((withEmpty) => {
        const place = `${count} lines${delimited ? ", delimited" : ""}${withEmpty ? ", with empty lines" : ""}`;
        return make(place, notes(count, delimited, withEmpty));
      })
    )
  );

const preambles = (roster: CleanRoster) =>
  eachNote([1, 2, 3, 4, 10, 20, 25], (place, above) => laidOut(place, roster, { above }));

const footnotes = (roster: CleanRoster) => [
  ...eachNote([1, 2, 3, 4, 20], (place, below) => laidOut(place, roster, { below })),
  ...["Total", "Total: 40", "40 records", "-- end --"].map((text) => laidOut(text, roster, { below: lines(text) })),
];

/** Adds rows of another table, which lists parking lots. */
function otherTable(width: number, rows: number, filled = width): string {
  const row = (first: string[]) =>
    [...first, ...Array(width).fill("")].slice(0, width).map((value, at) => at < filled ? value : "").join(",");
  const names = Array.from({ length: width }, (_, at) => ["lot", "description", "spaces"][at] ?? `note_${at}`);
  const lot = (
    at: number,
  ) => [`L${at}`, `Lot ${at}`, String(10 * at), ...Array.from({ length: width }, (_, n) => `x${n}`)];
  return lines(row(names), ...Array.from({ length: rows }, (_, at) => row(lot(at + 1))));
}

/** Adds a narrower table, with or without a gap, that begins at each row of a block of 16. */
function severalTables(roster: CleanRoster): Place[] {
  const found: Place[] = [];
  for (const records of Array.from({ length: 17 }, (_, at) => 24 + at)) {
    const part = { ...roster, written: roster.written.slice(0, records), records: roster.records.slice(0, records) };
    for (const gap of ["", "\n", ",".repeat(HEADER.length - 1) + "\n"]) {
      for (const width of [2, 6, 12, 23, 24, 25, 30]) {
        for (const rows of [3, 40]) {
          const place = `${records} records, gap ${JSON.stringify(gap.slice(0, 3))}, ${rows} rows of ${width} values`;
          found.push(laidOut(place, part, { below: gap + otherTable(width, rows) }));
        }
      }
    }
  }
  for (const rows of [3, 12, 40]) {
    const columns = [...HEADER.slice(5), ...HEADER.slice(0, 5)];
    const rotated = roster.written.slice(0, rows).map((values) =>
      [...values.slice(5), ...values.slice(0, 5)].join(",")
    );
    found.push(laidOut(`${rows} records with the columns in another order`, roster, {
      below: lines(columns.join(","), ...rotated),
    }));
  }
  return found;
}

/**
 * Without a gap, if it begins on the first or last row of a block, the table looks like users without further values.
 */
const isHiddenTable = ([place]: Place) => /^3[01] records, gap "", .* (?:2|6|12|23) values$/.test(place);

/** Each row of this table could be a user who has only an id. */
const paddedTables = (roster: CleanRoster): Place[] => [
  laidOut("two values a row", roster, { below: otherTable(HEADER.length, 12, 2) }),
];

const noHeader = (roster: CleanRoster): Place[] => [["none", textOf(roster).slice(header.length + 1)]];

const lineEnds = (roster: CleanRoster): Place[] => [
  ["none at the end", textOf(roster).slice(0, -1)],
  ["two at the end", textOf(roster) + "\n"],
  ["CRLF", textOf(roster).replaceAll("\n", "\r\n")],
  ["CR", textOf(roster).replaceAll("\n", "\r")],
  ...[1, 2, 20, 39].map((line): Place => {
    const texts = textOf(roster).split("\n");
    return [`CRLF after line ${line}`, texts.map((text, at) => at === line ? text + "\r" : text).join("\n")];
  }),
];

/** Writes every value in another dialect. */
function dialects({ written, records }: CleanRoster): Place[] {
  const rows = [HEADER, ...records.map((values, at) => values.slice(0, Math.max(written[at].length, 1)))];
  const file = (delimiter: string, write: (value: string) => string) =>
    lines(...rows.map((row) => row.map(write).join(delimiter)));
  const quoted = (value: string) => `"${value.replaceAll('"', '""')}"`;
  return [
    ...[";", "\t", "|", " ", ":", ", ", "\t\t", "\\t"].map((delimiter): Place => [
      `delimiter ${JSON.stringify(delimiter)}`,
      file(delimiter, quoted),
    ]),
    ["apostrophes instead of quotes", file(",", (value) => `'${value.replaceAll("'", "''")}'`)],
    ["quotes with a backslash", file(",", (value) => `"${value.replaceAll('"', '\\"')}"`)],
    ["quotes not doubled", file(",", (value) => `"${value}"`)],
  ];
}

export const FILE_KINDS: Readonly<Record<string, (roster: CleanRoster) => Place[]>> = {
  "a damaged header": headers,
  "an extra delimiter in the header": (roster) => longerHeaders(roster).filter((one) => !isHiddenHeader(roster, one)),
  "several header rows": severalHeaderRows,
  "lines above the header": preambles,
  "lines below the records": footnotes,
  "several tables": (roster) => severalTables(roster).filter((one) => !isHiddenTable(one)),
  "no header": noHeader,
  "other line endings": lineEnds,
  "another dialect": dialects,
};

/** No reader can distinguish these files from a clean roster (docs/reliability.md#polluted-rosters). */
export const HIDDEN_FILE_KINDS: typeof FILE_KINDS = {
  "hidden: an extra delimiter in the header": (roster) =>
    longerHeaders(roster).filter((one) => isHiddenHeader(roster, one)),
  "hidden: a table at the border of a block": (roster) => severalTables(roster).filter(isHiddenTable),
  "hidden: a table of the same width": paddedTables,
};

export function* pollutedFiles(roster: CleanRoster, kinds: typeof FILE_KINDS): Generator<PollutedFile> {
  for (const [kind, pollute] of Object.entries(kinds)) {
    for (const [place, text, part = roster] of pollute(roster)) {
      yield { kind, name: `${roster.name}, ${place}`, text, roster: part, polluted: new Map() };
    }
  }
}
