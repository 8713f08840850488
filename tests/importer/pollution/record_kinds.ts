/** The kinds of pollution that affect a single record, at every place within it. */
import type { CleanRoster } from "./clean_roster.ts";
import { LINE_END, type PollutedFile, textOf } from "./polluted_file.ts";

/** A polluted record as text, and the meanings it may have in addition to the clean one. */
interface Polluted {
  place: string;
  text: string;
  mayMean?: string[];
}

/**
 * Returns all polluted versions of a record for one kind of pollution. `values` is as wide as the header, and `written`
 * is as wide as the line.
 */
type RecordKind = (written: readonly string[], values: readonly string[]) => Polluted[];

const join = (written: readonly string[]) => written.join(",");
const isQuoted = (text: string) => text.startsWith('"');
const middle = (text: string) => Math.ceil(text.length / 2);
const insert = (text: string, at: number, what: string) => text.slice(0, at) + what + text.slice(at);
const replaced = <T>(list: readonly T[], at: number, what: T) => list.map((one, other) => other === at ? what : one);

/** Returns one polluted record for each delimiter of the record. The text in `between` replaces the delimiter. */
function eachDelimiter(written: readonly string[], between: string): Polluted[] {
  return written.slice(1).map((_, at) => ({
    place: `delimiter ${at + 1}`,
    text: join(written.slice(0, at + 1)) + between + join(written.slice(at + 1)),
  }));
}

/** One polluted record for each value; a value to which `change` does not apply is skipped. */
function eachValue(
  written: readonly string[],
  values: readonly string[],
  change: (text: string, value: string) => { place: string; text: string; mayMean?: string }[],
): Polluted[] {
  return values.slice(0, written.length).flatMap((value, at) =>
    change(written[at], value).map(({ place, text, mayMean }) => ({
      place: `value ${at + 1}, ${place}`,
      text: join(replaced(written, at, text)),
      ...(mayMean === undefined ? {} : { mayMean: replaced(values, at, mayMean) }),
    }))
  );
}

const delimiterMore: RecordKind = (written, values) => [
  ...[...written, ""].map((_, at) => ({
    place: `before value ${at + 1}`,
    text: join([...written.slice(0, at), "", ...written.slice(at)]),
  })),
  ...eachValue(
    written,
    values,
    (text, value) =>
      isQuoted(text) || text.length < 2
        ? []
        : [{ place: "inside", text: insert(text, middle(text), ","), mayMean: insert(value, middle(text), ",") }],
  ),
];

/** Adds a quote before, inside and after each value, whether the value is quoted or not. */
const quoteMore: RecordKind = (written, values) =>
  eachValue(written, values, (text, value) => {
    const inside = isQuoted(text) ? 1 + middle(value) : middle(text);
    const places = isQuoted(text)
      ? [{ at: 0, means: 0 }, { at: inside, means: middle(value) }, { at: text.length, means: value.length }]
      : [{ at: 0, means: 0 }, { at: inside, means: inside }, { at: text.length, means: text.length }];
    return places.map(({ at, means }) => ({
      place: `character ${at}`,
      text: insert(text, at, '"'),
      mayMean: insert(value, means, '"'),
    }));
  });

const quoteLess: RecordKind = (written, values) =>
  eachValue(
    written,
    values,
    (text) =>
      !isQuoted(text)
        ? []
        : [{ place: "no opening quote", text: text.slice(1) }, { place: "no closing quote", text: text.slice(0, -1) }],
  );

const NICKNAMES = [(value: string) => `${value} "Red"`, (value: string) => `"Red" ${value}`, (value: string) => {
  return insert(value, middle(value), ' "Red", ');
}];

/**
 * Quotes that are not doubled: in a quoted value, as written by a program that ignores RFC 4180, and in a plain value.
 * Skips empty values, because an entirely quoted value would be clean.
 */
const quotesNotDoubled: RecordKind = (written, values) =>
  eachValue(written, values, (_, value) =>
    value === "" ? [] : NICKNAMES.flatMap((named, at) => [
      { place: `in quotes ${at}`, text: `"${named(value)}"`, mayMean: named(value) },
      { place: `plain ${at}`, text: named(value), mayMean: named(value) },
    ]));

const quotesWithBackslash: RecordKind = (written, values) =>
  eachValue(written, values, (_, value) =>
    [...NICKNAMES, () => '"', () => '","'].map((named, at) => ({
      place: `quotes ${at}`,
      text: `"${named(value).replaceAll('"', '\\"')}"`,
      mayMean: named(value),
    })));

const OTHER_DELIMITERS = [";", "\t", "|", " ", ":", ", ", "\t\t", "\\t"];

const otherDelimiters: RecordKind = (written) =>
  OTHER_DELIMITERS.map((delimiter) => ({ place: JSON.stringify(delimiter), text: written.join(delimiter) }));

const oneOtherDelimiter: RecordKind = (written) => [
  ...eachDelimiter(written, ";"),
  ...eachDelimiter(written, "\t"),
];

const apostrophes: RecordKind = (written, values) => [{
  place: "all values",
  text: join(written.map((_, at) => `'${values[at] ?? ""}'`)),
}];

const cutShort: RecordKind = (written) =>
  written.slice(1).map((_, at) => ({
    place: `after value ${at + 1}`,
    text: join(written.slice(0, at + 1)),
  }));

const tooLong: RecordKind = (written) =>
  [30, 48].map((width) => ({
    place: `${width} values`,
    text: join(Array.from({ length: width }, (_, at) => written[at % written.length])),
  }));

export const RECORD_KINDS: Readonly<Record<string, RecordKind>> = {
  "a missing delimiter": (written) => eachDelimiter(written, ""),
  "an extra delimiter": delimiterMore,
  "an extra quote": quoteMore,
  "a missing quote": quoteLess,
  "quotes not doubled": quotesNotDoubled,
  "quotes with a backslash": quotesWithBackslash,
  "apostrophes instead of quotes": apostrophes,
  "other delimiters in a record": otherDelimiters,
  "one other delimiter": oneOtherDelimiter,
  "a line ending instead of a delimiter": (written) => eachDelimiter(written, LINE_END),
  "a record cut short": cutShort,
  "a record with more values": tooLong,
};

/** No reader can distinguish these files from a clean roster (docs/reliability.md#polluted-rosters). */
export const HIDDEN_RECORD_KINDS: typeof RECORD_KINDS = {
  "hidden: a delimiter moved": (written) =>
    written.slice(2).map((_, at) => ({
      place: `from ${at + 1} to ${at + 2}`,
      text: join([...written.slice(0, at), written[at] + written[at + 1], "", ...written.slice(at + 2)]),
    })),
};

/** The positions of the first and last records, and of the records around the boundary of a block of 16 rows. */
const PLACES = [0, 14, 15, 16, 39];

/** Every polluted version of every record at {@link PLACES}, one per file. */
export function* pollutedRecords(roster: CleanRoster, kinds: typeof RECORD_KINDS): Generator<PollutedFile> {
  for (const [kind, pollute] of Object.entries(kinds)) {
    for (const at of PLACES) {
      for (const { place, text, mayMean } of pollute(roster.written[at], roster.records[at])) {
        if (text === join(roster.written[at])) continue;
        yield {
          kind,
          name: `${roster.name}, record ${at + 1}, ${place}`,
          text: textOf(roster, new Map([[at, text]])),
          roster,
          polluted: new Map([[at, mayMean === undefined ? [] : [mayMean]]]),
        };
      }
    }
  }
}

/**
 * Two records that become one: either the line ending between them is lost, or a quote opens in one and closes in the
 * other.
 */
export function* joinedRecords(roster: CleanRoster): Generator<PollutedFile> {
  const { written, name } = roster;
  const file = (kind: string, place: string, changed: Map<number, string>, text = textOf(roster, changed)) => ({
    kind,
    name: `${name}, ${place}`,
    text,
    roster,
    polluted: new Map([...changed.keys()].map((at) => [at, []])),
  });
  for (const at of PLACES.slice(0, -1)) {
    const first = join(written[at]), next = join(written[at + 1]);
    for (const between of ["", ",", " "]) {
      const text = textOf(roster).replace(first + LINE_END + next, () => first + between + next);
      yield file(
        "a missing line ending",
        `record ${at + 1}, ${JSON.stringify(between)}`,
        new Map([[at, ""], [at + 1, ""]]),
        text,
      );
    }
    for (const distance of [1, 5]) {
      const to = Math.min(at + distance, written.length - 1);
      for (let value = 0; value < Math.min(written[at].length, written[to].length); value++) {
        if (isQuoted(written[at][value]) || isQuoted(written[to][value])) continue;
        yield file(
          "a quote opens in one record and closes in another",
          `records ${at + 1} and ${to + 1}, value ${value + 1}`,
          new Map([
            [at, join(replaced(written[at], value, `"${written[at][value]}`))],
            [to, join(replaced(written[to], value, `${written[to][value]}"`))],
          ]),
        );
      }
    }
  }
}
