/** Parts that several views share: badges, notices, times, tables and lists of facts. */
import { h, li, link, p } from "./dom.js";
import { ApiError } from "./api.js";
import { dayAndTime, fromNow, LANGUAGE, shown, statusOf, toTheSecond } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */

/** A symbol in addition to the color, for people who cannot tell colors apart. */
const SIGNS = { good: "✓", attention: "!", bad: "×", busy: "…", quiet: "–" };

/** @param {Tone} tone @param {string} word */
export function badge(tone, word) {
  return h("span", { class: `badge ${tone}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[tone]), word);
}

/** @param {import("./words.js").Outcome} entry */
export function statusBadge(entry) {
  const { tone, word } = statusOf(entry);
  return badge(tone, word);
}

/** @param {Tone} tone @param {...Child} children */
export function notice(tone, ...children) {
  return h("div", { class: `notice ${tone}` }, children);
}

/**
 * A notice about what was done, which takes over the focus from the button that is gone. @param {Child} words @param
 * {...Child} more
 */
export function done(words, ...more) {
  const told = notice("good", p(words), more);
  told.tabIndex = -1;
  return told;
}

/** @param {number} id */
export function importLink(id) {
  return link(`#/imports/${id}`, `import ${id}`);
}

/** @param {string} uniqueId */
export function userLink(uniqueId) {
  return link(`#/users/${encodeURIComponent(uniqueId)}`, data(uniqueId));
}

/**
 * A view with its heading, a line after the heading, and the parts below.
 * @param {string} title @param {Child} below @param {...Child} parts
 */
export function viewOf(title, below, ...parts) {
  return { title, content: h("div", { class: "stack" }, viewHead(null, title, below), parts) };
}

/** The head of a view. @param {Child} crumb Links to the views above. @param {Child} title @param {...Child} below */
export function viewHead(crumb, title, ...below) {
  const above = crumb !== null && h("p", { class: "crumb" }, crumb);
  return h("div", { class: "view-head" }, above, h("h1", { tabindex: "-1" }, title), below);
}

/**
 * Links that select what a view shows.
 * @param {string} label @param {readonly { href: string, text: Child, isChosen?: boolean }[]} links
 */
export function filter(label, links) {
  const items = links.map(({ href, text, isChosen = false }) =>
    li(h("a", { href, "aria-current": isChosen && "true" }, text))
  );
  return h("nav", { "aria-label": label, class: "filter" }, h("ul", null, items));
}

/**
 * A notice about an error, which screen readers announce.
 * @param {unknown} error
 */
export function trouble(error) {
  const words = error instanceof ApiError
    ? error.message
    : "This page has a bug. Reload it; if that does not help, report the error shown in the browser's console.";
  return h("div", { class: "notice bad", role: "alert" }, p(words));
}

/**
 * An empty state, with a heading and a hint.
 * @param {string} heading
 * @param {...Child} children
 */
export function empty(heading, ...children) {
  return h("div", { class: "empty" }, h("p", { class: "empty-heading" }, heading), children);
}

/** Data with a separate text direction. @param {string} text */
export function data(text) {
  return h("bdi", null, shown(text));
}

/** @param {string} time RFC 3339 */
export function moment(time) {
  return h("time", { datetime: time, title: toTheSecond(time), lang: LANGUAGE }, dayAndTime(time));
}

/** A relative time, such as "3 minutes ago", which the page keeps up to date. @param {string} time RFC 3339 */
export function ago(time) {
  const words = fromNow(time, Date.now());
  return h("time", { datetime: time, title: toTheSecond(time), "data-from-now": true }, words);
}

/**
 * @typedef {object} Column
 * @property {string} heading
 * @property {string} [kind] A class of its cells, such as `number` or `wide`.
 */

/**
 * A table. On a narrow screen, the table looks like a list, but its ARIA roles keep it a table for screen readers.
 * @param {string} caption
 * @param {readonly Column[]} columns
 * @param {readonly (readonly Child[])[]} rows The first cell heads its row. The last cell of a short row spans the rest.
 * @param {string} [kind]
 * @param {readonly Child[]} [totals] The last row.
 */
export function table(caption, columns, rows, kind = "", totals) {
  const head = columns.map(({ heading, kind = "" }) =>
    h("th", { scope: "col", role: "columnheader", class: kind }, heading)
  );
  /** @param {readonly Child[]} cells */
  const row = (cells) =>
    h(
      "tr",
      { role: "row" },
      cells.map((cell, index) => {
        const { heading, kind = "" } = columns[index];
        const content = h("span", { class: "cell" }, cell);
        const own = { class: `${kind}${cell === 0 ? " zero" : ""}`, "data-heading": heading };
        if (index === 0) return h("th", { scope: "row", role: "rowheader", ...own }, content);
        const rest = index === cells.length - 1 ? columns.length - index : 1;
        return h("td", { role: "cell", colspan: rest > 1 && rest, ...own }, content);
      }),
    );
  return h(
    "table",
    { role: "table", class: kind },
    h("caption", null, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, rows.map(row)),
    totals !== undefined && h("tfoot", { role: "rowgroup" }, row(totals)),
  );
}

/**
 * @param {readonly (readonly [string, Child])[]} pairs
 */
export function facts(pairs) {
  return h(
    "dl",
    { class: "facts" },
    pairs.map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value))),
  );
}

/**
 * @param {string} label
 * @param {() => void} onclick
 * @param {Record<string, unknown>} [attributes]
 */
export function button(label, onclick, attributes = {}) {
  return h("button", { type: "button", class: "button", onclick, ...attributes }, label);
}

/**
 * A button that calls the service. During the call, the button is disabled. Errors appear below the button.
 * @param {string} label
 * @param {() => Promise<void>} work
 * @param {{ id: string, class: string, button?: string }} names The id and class of the button, and the class of its
 *   container.
 */
export function asking(label, work, names) {
  const failed = h("div", null);
  const go = button(label, () => void press(), { id: names.id, class: names.button ?? "button" });
  return h("div", { class: names.class }, go, failed);

  async function press() {
    go.disabled = true;
    failed.replaceChildren();
    try {
      await work();
    } catch (error) {
      // No error is shown after a 401, because the page then shows the sign-in.
      if (!(error instanceof ApiError) || error.status !== 401) failed.replaceChildren(trouble(error));
    }
    go.disabled = false;
  }
}

/**
 * A section of the page with a heading.
 * @param {string} id
 * @param {string} heading
 * @param {...Child} children
 */
export function section(id, heading, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-heading` }, h("h2", { id: `${id}-heading` }, heading), children);
}
