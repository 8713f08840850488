/** Links, anchors and references as GitHub reads them. Pure. */

/** Text in fences and code spans contains no links or headings. */
function withoutFences(text: string): string {
  return text.replaceAll(/^( *)```.*?^\1```$/gms, "");
}

/** The anchors that GitHub creates for the headings of a page. */
export function anchorsOf(text: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, heading] of withoutFences(text).matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = anchorOf(heading);
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}

/** The anchor is lowercase, without punctuation, and has hyphens in place of spaces. */
function anchorOf(heading: string): string {
  const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").replaceAll("`", "").trim().toLowerCase();
  return text.replaceAll(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, "").replaceAll(" ", "-");
}

/** The targets of links and images, in Markdown and in HTML. */
export function linksOf(text: string): string[] {
  const prose = withoutFences(text).replaceAll(/`[^`\n]*`/g, "");
  const markdown = [...prose.matchAll(/\]\(([^()\s]+)\)/g)].map(([, target]) => target);
  const html = [...prose.matchAll(/\b(?:src|srcset|href)="([^"]+)"/g)].map(([, target]) => target);
  return [...markdown, ...html];
}

/** References such as `docs/file-format.md#delimiter` in comments and messages. */
export function referencesIn(text: string): string[] {
  return [...text.matchAll(/(?<![\w/.-])docs\/[\w/-]+\.md(?:#[\w-]+)?/g)].map(([reference]) => reference);
}
