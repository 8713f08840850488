/**
 * Small pieces of plain text for mails: numbers with their noun, aligned tables, and data made harmless. Pure.
 */
import { printable } from "../runtime/log.ts";

/** `1 record`, `2 records`. */
export function counted(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** Longest piece of data that a mail repeats, in code points. */
const MAX_SHOWN_CHARACTERS = 200;

/** Somebody's data on one line, with control and direction characters made visible, and cut when very long. */
export function shown(text: string, longest = MAX_SHOWN_CHARACTERS): string {
  const points = Array.from(text);
  return printable(points.length > longest ? points.slice(0, longest - 1).join("") + "…" : text);
}

/** Rows of cells under each other, two blanks between; the columns named in `right` stand to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, length(cell))),
    [],
  );
  return rows.map((row) =>
    row.map((cell, column) => {
      const gap = " ".repeat(widths[column] - length(cell));
      return right.includes(column) ? gap + cell : cell + gap;
    }).join("  ").trimEnd()
  );
}

function length(text: string): number {
  return Array.from(text).length;
}

/** A heading with its lines indented below; nothing when there are none. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => line === "" ? "" : `  ${line}`), ""];
}
