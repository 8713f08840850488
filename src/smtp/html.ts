/** Writes the parts of an email as HTML for screens of any size, light or dark. The HTML loads no other files. */
import type { Cell, Part, Tone } from "./part.ts";
import style from "./mail.css" with { type: "text" };

export function html(title: string, parts: readonly Part[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escaped(title)}</title>
<style>
${style.trim()}
</style>
</head>
<body>
<div class="mail">
${parts.map(partHtml).join("\n")}
</div>
</body>
</html>
`;
}

/** Repeats the important styles on the elements, for mail programs that drop the style sheet. */
const LEAD_STYLES: Readonly<Record<Tone, string>> = {
  bad: "border-left:6px solid #c62828",
  decide: "border-left:6px solid #e08a00",
  good: "border-left:6px solid #2e7d32",
};

function partHtml(part: Part): string {
  switch (part.kind) {
    case "lead":
      return `<p class="lead ${part.tone}" style="${LEAD_STYLES[part.tone]};padding:12px 16px">${lines(part.text)}</p>`;
    case "text":
      return `<p>${lines(part.text)}</p>`;
    case "link":
      return `<p><a class="button" href="${escaped(part.url)}">${escaped(part.text)}</a></p>`;
    case "heading":
      return `<h2>${escaped(part.text)}</h2>`;
    case "list": {
      const tag = part.ordered ? "ol" : "ul";
      return `<${tag}>${part.items.map((item) => `<li>${escaped(item)}</li>`).join("")}</${tag}>`;
    }
    case "commands":
      return `<ul>${
        part.items.map(({ when, command }) => `<li>${escaped(when)}: <code>${escaped(command)}</code></li>`).join("")
      }</ul>`;
    case "table":
      return tableHtml(part);
    case "foot":
      return `<p class="foot">${escaped(part.text)}</p>`;
  }
}

function tableHtml({ head, rows, right }: Extract<Part, { kind: "table" }>): string {
  const classOf = (column: number) => right.includes(column) ? ' class="number" align="right"' : ' align="left"';
  const heads = head === null
    ? ""
    : `<tr>${head.map((cell, column) => `<th${classOf(column)}>${escaped(cell)}</th>`).join("")}</tr>`;
  const body = rows.map((row) =>
    `<tr>${row.map((cell, column) => `<td valign="top"${classOf(column)}>${cellHtml(cell)}</td>`).join("")}</tr>`
  );
  return `<table cellpadding="0" cellspacing="0">${heads}${body.join("\n")}</table>`;
}

function cellHtml(cell: Cell): string {
  if (typeof cell === "string") return textHtml(cell);
  const note = cell.note === "" ? "" : `<br><span class="note">${escaped(cell.note)}</span>`;
  return textHtml(cell.text) + note;
}

/** A phone would break short values, such as a unique_id, to make room for long ones. */
const MAX_UNBROKEN = 10;

/** Addresses break after the `@`. */
function textHtml(text: string): string {
  const html = escaped(text).replaceAll("@", "@<wbr>");
  return text.length > MAX_UNBROKEN ? html : `<span class="short">${html}</span>`;
}

function lines(text: string): string {
  return text.split("\n").map(escaped).join("<br>\n");
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character]);
}
