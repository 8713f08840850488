/**
 * A second, simple implementation of the rules for the rows of a whole file. Decides which lines are skipped and
 * whether a record with fewer or more values than the header fails. It is used by the slow reader in `csv_test.ts` and
 * by the peers.
 */

export interface Row {
  /** The row's values; null if a quote makes it unclear where the row ends. */
  values: readonly string[] | null;
  raw: string;
  /** The problem with one of the values, if any. */
  fault: string | null;
}

/** `skipped`: the row is not a record. `null`: the record is valid, and `values` is final. */
export type Verdict = { skipped: true } | {
  skipped: false;
  fault: string | null;
  values: readonly string[];
  expected: number;
  usual: number;
};

const SKIPPED: Verdict = { skipped: true };

export function judgeRows(rows: readonly Row[], delimiter: string): Verdict[] {
  const dashes = new RegExp(`^(?=.*[-=_*])[-=_*+|:" \\t${delimiter}]*$`, "s");
  const isBlank = ({ values }: Row) => values !== null && values.join("") === "";
  const isSkipped = (row: Row) => row.values !== null && (isBlank(row) || dashes.test(row.raw));
  const filled = (values: readonly string[]) => values.findLastIndex((value) => value !== "") + 1;
  const widths = (from: number, to: number) =>
    rows.slice(from, to).filter((row) => row.values !== null && !isSkipped(row) && filled(row.values) <= width)
      .map(({ values }) => values!.length);
  const delimitersIn = (line: string) => line.replace(/"[^"]*("|$)/g, "").split(delimiter).length - 1;
  const nextLine = (at: number) => rows[at + 1]?.raw.split(/\r\n|\n|\r/)[0] ?? "";

  let width = 0, usual = 0, usualRow = -1, odd = { row: -1, rows: 0 }, seenBlock = 0;
  let block = { end: 0, width: 0, most: 0 };
  const endOfBlock = (at: number) => Math.floor(at / 16) * 16 + 16;
  const addOdd = (at: number, more: number) => odd = { row: at, rows: more + (odd.row === at - 1 ? odd.rows : 0) };
  const survey = (at: number) => {
    const end = endOfBlock(at);
    if (at < block.end) return;
    const found = usualRow >= 0 && endOfBlock(usualRow) === end ? [] : widths(at, end);
    const majority = mostOf(found), alike = found.filter((one) => one === majority).length;
    const most = majority !== null && alike >= 4 ? majority : usual;
    const isCertain = most >= usual || most === Math.max(...found);
    const isTable = most < width && usualRow >= 0 && odd.row === at - 1 && odd.rows >= 2;
    block = { end, most, width: isCertain && !isTable ? most : 0 };
  };

  return rows.map((row, at) => {
    if (isBlank(row)) addOdd(at, 2);
    if (isSkipped(row)) return SKIPPED;
    const { values, fault } = row;
    const verdict = (fault: string | null, values: readonly string[]) => {
      const others = fault !== null && fault.endsWith("_others") ? block.most : usual;
      return { skipped: false as const, fault, values, expected: width, usual: others };
    };
    if (values === null || (width === 0 && fault !== null)) return verdict(fault, values ?? []);
    const found = values.length;
    if (width === 0) {
      width = found;
      usual = Math.max(width, mostOf(widths(at + 1, at + 17)) ?? 0);
      return { ...verdict(null, values), expected: 0 };
    }
    const isFirst = at >= seenBlock;
    if (found !== usual || (isFirst && delimitersIn(nextLine(at)) !== usual - 1)) survey(at);
    if (found === usual) [usualRow, seenBlock] = [at, endOfBlock(at)];
    if (fault !== null) return verdict(fault, values);
    const wrong = (kind: string) => {
      addOdd(at, 1);
      return verdict(kind, values);
    };
    if (filled(values) > width) return wrong("too_many_values");
    if ((found !== usual || at < block.end) && found !== block.width) {
      if (found < width) return wrong("too_few_values");
      return wrong(
        found === block.most ? "too_many_values" : found < block.most ? "fewer_than_others" : "more_than_others",
      );
    }
    return verdict(null, [...values, ...Array(Math.max(0, width - found)).fill("")].slice(0, width));
  });
}

/** The number that makes up more than half of the list; null if no number does. */
function mostOf(numbers: readonly number[]): number | null {
  return numbers.find((one) => 2 * numbers.filter((other) => other === one).length > numbers.length) ?? null;
}
