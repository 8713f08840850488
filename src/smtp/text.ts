import { printable } from "../runtime/log.ts";

/** `2026-11-23 18:45 UTC` */
export function utcMinute(isoTime: string): string {
  return `${isoTime.slice(0, 16).replace("T", " ")} UTC`;
}

const MAX_SHOWN_CHARACTERS = 200;

/** Makes untrusted text safe for one line: shows control and direction characters as codes, and truncates long text. */
export function shown(text: string, maxCharacters = MAX_SHOWN_CHARACTERS): string {
  const points = Array.from(text);
  return printable(points.length > maxCharacters ? points.slice(0, maxCharacters - 1).join("") + "…" : text);
}

/** Aligns cells in columns. `right` lists the positions of right-aligned columns. */
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

const length = (text: string): number => Array.from(text).length;

/** Returns the heading with the lines indented below it, or nothing if there are no lines. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [heading, ...lines.map((line) => line === "" ? "" : `  ${line}`), ""];
}
