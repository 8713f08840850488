/**
 * Writes the parts of an email as plain text. Lines are not wrapped here, because mail programs wrap them to fit the
 * window.
 */
import type { Cell, Part } from "./part.ts";

/** The parts below a heading are indented. */
export function plainText(parts: readonly Part[]): string {
  let indent = "";
  const blocks = parts.map((part) => {
    if (part.kind === "foot") indent = "";
    const lines = linesOf(part).map((line) => line === "" ? "" : indent + line);
    if (part.kind !== "heading") return lines.join("\n") + "\n\n";
    indent = "  ";
    return `${part.text}\n`;
  });
  return blocks.join("").trimEnd() + "\n";
}

function linesOf(part: Part): string[] {
  switch (part.kind) {
    case "list":
      return part.items.map((item, at) => `${part.ordered ? `${at + 1}.` : "-"} ${item}`);
    case "commands":
      return part.items.map(({ when, command }) => `- ${when}:  ${command}`);
    case "link":
      return [`${part.text}: ${part.url}`];
    case "table":
      return tableLines([...(part.head === null ? [] : [part.head]), ...part.rows], part.right);
    default:
      return part.text.split("\n");
  }
}

/** Aligns cells in columns. A note is written below the text of its cell. */
function tableLines(rows: readonly (readonly Cell[])[], right: readonly number[]): string[] {
  const lines = rows.flatMap((row) => {
    const notes = row.map((cell) => typeof cell === "string" ? "" : cell.note);
    const texts = row.map((cell) => typeof cell === "string" ? cell : cell.text);
    return notes.every((note) => note === "") ? [texts] : [texts, notes];
  });
  const widths = lines.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, length(cell))),
    [],
  );
  return lines.map((row) =>
    row.map((cell, column) => {
      const gap = " ".repeat(widths[column] - length(cell));
      return right.includes(column) ? gap + cell : cell + gap;
    }).join("  ").trimEnd()
  );
}

const length = (text: string): number => Array.from(text).length;
