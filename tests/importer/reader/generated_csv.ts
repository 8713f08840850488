/**
 * Generates valid and broken CSV for comparing rosterd's reader with others. Each file has one delimiter, one width,
 * and one style of blanks and errors. The lines of a file are valid records, blank lines and broken records. {@link
 * Peer} describes which texts another reader interprets by different rules. Such texts are not generated for that
 * reader.
 */
import fc from "fast-check";

/** The rules that differ between another reader and rosterd's. */
export interface Peer {
  /** The blanks that the peer skips before an opening quote and after a closing one. */
  beforeQuote: readonly string[];
  behindQuote: readonly string[];
  /**
   * Whether the peer distinguishes quoted values from plain ones and refuses a quote within a plain one. If it does
   * not, generated plain values contain no TAB or quote, and none of them follows an unclosed quote. A file with broken
   * quotes then ends with a line ending.
   */
  tellsQuoted: boolean;
}

export interface GeneratedCsv {
  text: string;
  delimiter: string;
  /** Whether there are blanks around values and in otherwise empty lines. */
  blanks: boolean;
  /** Whether the file begins with a byte order mark. */
  mark: boolean;
}

interface Manner extends Omit<GeneratedCsv, "text"> {
  width: number;
  ends: readonly string[];
  faults: "none" | "counts" | "quotes";
}

interface Line {
  text: string;
  opens?: boolean;
}

const LETTERS = ["a", "Z", "0", "é", "ß", "漢", "😀", "n\u0303", "'", "#", "\\", "=", "-1"];
const CONTROLS = ["\u0001", "\u007f", "\u0085"];
const LINE_ENDS = ["\n", "\r\n", "\r"];

const anyManner: fc.Arbitrary<Manner> = fc.record({
  delimiter: fc.constantFrom(",", ";", "\t"),
  width: fc.integer({ min: 1, max: 5 }),
  ends: fc.constantFrom(["\n"], ["\r\n"], ["\r"], LINE_ENDS),
  faults: fc.constantFrom("none", "counts", "quotes"),
  blanks: fc.boolean(),
  mark: fc.boolean(),
});

/** Files that `peer` should read just as rosterd does. */
export function generatedCsv(peer: Peer): fc.Arbitrary<GeneratedCsv> {
  return anyManner.chain((manner) => {
    const ended = (line: fc.Arbitrary<Line>) => fc.tuple(line, fc.constantFrom(...manner.ends));
    const lines = fc.array(ended(anyLine(manner, peer)), { maxLength: 12 });
    return fc.record({ blank: fc.boolean(), header: ended(header(manner)), lines, lastEnd: fc.boolean() })
      .map(({ blank, header, lines, lastEnd }) => {
        const all = [header, ...peer.tellsQuoted ? lines : withoutQuotesBehindOpenOne(lines)];
        const text = all.map(([{ text }, end]) => text + end).join("");
        const first = blank ? manner.ends[0] : "";
        const { delimiter, blanks, mark } = manner;
        const whole = lastEnd || (manner.faults === "quotes" && !peer.tellsQuoted);
        return { text: first + (whole ? text : text.replace(/(?:\r\n|\n|\r)$/, "")), delimiter, blanks, mark };
      });
  });
}

/**
 * A reader that only counts quotes would close the open quote at the next one. Later opening quotes would then be
 * inside plain values.
 */
function withoutQuotesBehindOpenOne(lines: [Line, string][]): [Line, string][] {
  const opening = lines.findIndex(([{ opens }]) => opens);
  return lines.filter(([{ text }], at) => opening < 0 || at <= opening || !text.includes('"'));
}

/** The header is always valid, because it determines how many values a record has. */
function header({ delimiter, width }: Manner): fc.Arbitrary<Line> {
  const name = fc.constantFrom("h", "é", `"h${delimiter}1"`, '"h\n1"', '"h""1"', '""', '"\r\n"');
  return fc.array(name, { minLength: width, maxLength: width }).map((names) => ({ text: names.join(delimiter) }));
}

function anyLine(manner: Manner, peer: Peer): fc.Arbitrary<Line> {
  const { width, faults } = manner;
  const value = anyValue(manner, peer);
  const line = (fields: fc.Arbitrary<string>[]) =>
    fc.tuple(...fields).map((texts) => ({ text: texts.join(manner.delimiter) }));
  const values = (count: number) => new Array<fc.Arbitrary<string>>(count).fill(value);
  const sound = line(values(width));
  const counts = fc.integer({ min: 1, max: width + 3 }).chain((count) => line(values(count)));
  const broken = (fault: fc.Arbitrary<string>, following = true) =>
    fc.nat({ max: width - 1 }).chain((at) => line([...values(at), fault, ...values(following ? width - at - 1 : 0)]));
  return fc.oneof(
    { weight: 8, arbitrary: sound },
    { weight: 1, arbitrary: blankLine(manner) },
    { weight: faults === "none" ? 0 : 2, arbitrary: counts },
    { weight: faults === "quotes" && peer.tellsQuoted ? 1 : 0, arbitrary: broken(strayQuote(manner)) },
    { weight: faults === "quotes" ? 1 : 0, arbitrary: broken(textBehindQuote(manner)) },
    {
      weight: faults === "quotes" ? 1 : 0,
      arbitrary: broken(openQuote(manner), peer.tellsQuoted).map((line) => ({ ...line, opens: true })),
    },
  );
}

function blankLine({ delimiter, blanks, width }: Manner): fc.Arbitrary<Line> {
  const blank = blanks ? fc.constantFrom("", " ", delimiter === "\t" ? "\u00a0" : "\t") : fc.constant("");
  return fc.array(blank, { minLength: 1, maxLength: width + 2 }).map((values) => ({ text: values.join(delimiter) }));
}

function anyValue(manner: Manner, peer: Peer): fc.Arbitrary<string> {
  const around = ["", "", " ", "  ", ...manner.delimiter === "\t" ? ["\u00a0"] : ["\t", "\u00a0 "]];
  const plain = text(plainPieces(manner, peer)).map((value) => value.trim());
  const quoted = text(quotedPieces(manner)).map((value) => `"${value.replaceAll('"', '""')}"`);
  if (!manner.blanks) return fc.oneof(plain, quoted);
  const blanks = (some: readonly string[]) =>
    fc.constantFrom("", ...some.filter((blank) => !blank.includes(manner.delimiter)));
  const join = (parts: readonly string[]) => parts.join("");
  return fc.oneof(
    fc.tuple(blanks(around), plain, blanks(around)).map(join),
    fc.tuple(blanks(peer.beforeQuote), quoted, blanks(peer.behindQuote)).map(join),
  );
}

const text = (pieces: fc.Arbitrary<string>) => fc.array(pieces, { maxLength: 6 }).map((parts) => parts.join(""));

function plainPieces(manner: Manner, peer: Peer): fc.Arbitrary<string> {
  const others = [",", ";", "\t"].filter((other) => other !== manner.delimiter && (other !== "\t" || peer.tellsQuoted));
  return pieces(manner, others);
}

function quotedPieces(manner: Manner): fc.Arbitrary<string> {
  // csv-parse continues the value in `"" "x"`, so no doubled quote precedes blanks where broken quotes could expose it.
  const quote = manner.faults === "quotes" && manner.blanks ? '"q' : '"';
  return pieces(manner, [",", ";", "\t", quote, quote, ...LINE_ENDS]);
}

function pieces(manner: Manner, special: readonly string[]): fc.Arbitrary<string> {
  // A broken quote can expose the content of a quoted value, which must then contain no blanks that peers trim
  // differently.
  const bared = manner.faults === "quotes";
  const blanks = !bared ? [" ", "\u00a0", "\u2003", "\ufeff"] : manner.blanks ? [" "] : [];
  const fit = special.filter((piece) => piece !== "\t" || !bared || manner.blanks || manner.delimiter === "\t");
  return fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(...LETTERS) },
    { weight: 8, arbitrary: fc.constantFrom(...fit, ...blanks, "x") },
    { weight: 1, arbitrary: fc.constantFrom(...CONTROLS, ..."control") },
  );
}

function strayQuote({ delimiter: d, blanks }: Manner): fc.Arbitrary<string> {
  return fc.constantFrom('5"pipe', 'x""', 'x"y"', `x"${d}"`, ...blanks ? [' 5" pipe '] : []);
}

function textBehindQuote({ delimiter: d, blanks }: Manner): fc.Arbitrary<string> {
  const spaced = ['"2" x', ' "2" "3"'];
  return fc.constantFrom('"2"x', '"2"x"', '"2""3"4', `"a${d}b"c`, '"x\ny"z', '"x\r\ny"z', ...blanks ? spaced : []);
}

function openQuote({ delimiter: d, blanks }: Manner): fc.Arbitrary<string> {
  return fc.constantFrom('"', '"1', `"1${d}2`, '"1""', '"1""2', ...blanks ? [' "1 '] : []);
}
