/**
 * The rules for rows, once more and plainly, over a whole file: which lines are skipped, and what becomes of a record with fewer or
 * more values than the header. The slow reader of `csv_test.ts` and the peers are held to it.
 */

export interface Row {
  /** Its values; null when quotes say nothing of where it ends. */
  values: readonly string[] | null;
  raw: string;
  /** What is wrong with one of its values. */
  fault: string | null;
}

/** `skipped`: no record. `null`: a good record, with `values` as they count. */
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
  const isSkipped = ({ values, raw }: Row) => values !== null && (values.join("") === "" || dashes.test(raw));
  const filled = (values: readonly string[]) => values.findLastIndex((value) => value !== "") + 1;
  const counts = (some: readonly Row[], width: number) =>
    some.filter((row) => row.values !== null && !isSkipped(row) && filled(row.values) <= width)
      .map(({ values }) => values!.length);
  let width = 0, usual = 0;
  const isFull: boolean[] = [];
  return rows.map((row, at) => {
    if (isSkipped(row)) return SKIPPED;
    const { values, fault } = row;
    if (values === null) return { skipped: false, fault, values: [], expected: width, usual };
    if (width > 0 && usual === 0) usual = most(counts(rows.slice(at, at + 16), width)) ?? width;
    if (usual > 0 && usual < width) usual = width;
    const block = Math.floor(at / 16) * 16, isShort = values.length < width;
    isFull[at] = width > 0 && !isShort;
    const verdict = (fault: string | null, values: readonly string[]) => ({
      skipped: false as const,
      fault,
      values,
      expected: width,
      usual,
    });
    if (fault !== null) return verdict(fault, values);
    if (isShort) {
      const found = isFull.slice(block, at).includes(true)
        ? []
        : counts(rows.slice(firstShort(rows, block, width), block + 16), width);
      const widest = Math.max(0, ...found), alike = found.filter((count) => count === widest).length;
      const counts_ = widest < width && alike >= 4 && 2 * alike > found.length && values.length === widest;
      return counts_
        ? verdict(null, [...values, ...Array(width - values.length).fill("")])
        : verdict("too_few_values", values);
    }
    if (width > 0 && filled(values) > width) return verdict("too_many_values", values);
    if (width > 0 && values.length < usual && filled(values) < width) return verdict("fewer_than_others", values);
    if (width === 0) width = values.length;
    return verdict(null, values.slice(0, width));
  });

  function firstShort(rows: readonly Row[], block: number, width: number): number {
    return rows.findIndex((row, at) =>
      at >= block && !isSkipped(row) && row.values !== null && isFull[at] !== undefined && row.values.length < width
    );
  }
}

/** What more than half of some numbers are; null when there is no such. */
function most(numbers: readonly number[]): number | null {
  return numbers.find((one) => 2 * numbers.filter((other) => other === one).length > numbers.length) ?? null;
}
