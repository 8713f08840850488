/** Parts that several views share: badges, notices, times, tables and lists of facts. */
import { h } from "./dom.js";
import { ApiError } from "./api.js";
import { dayAndTime, fromNow, shown, statusOf, toTheSecond } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */

/** A symbol in addition to the colour, for people who cannot tell colours apart. */
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
 * A view with its heading, a line after the heading, and the parts below.
 * @param {string} title @param {Child} below @param {...Child} parts
 */
export function viewOf(title, below, ...parts) {
  const head = h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, title), below);
  return { title, content: h("div", { class: "stack" }, head, parts) };
}

/**
 * Links that select what a view shows.
 * @param {string} label @param {readonly { href: string, text: Child, isChosen?: boolean }[]} links
 */
export function filter(label, links) {
  const items = links.map(({ href, text, isChosen = false }) =>
    h("li", null, h("a", { href, "aria-current": isChosen && "true" }, text))
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
    : "This page has a bug. Reload it; if that does not help, report the error in the browser's console.";
  return h("div", { class: "notice bad", role: "alert" }, h("p", null, words));
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
  return h("time", { datetime: time, title: toTheSecond(time) }, dayAndTime(time));
}

/** A time such as "3 minutes ago", which the page keeps up to date. @param {string} time RFC 3339 */
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
 * @param {readonly (readonly Child[])[]} rows The first cell heads its row.
 * @param {string} [kind]
 */
export function table(caption, columns, rows, kind = "") {
  const head = columns.map(({ heading, kind = "" }) =>
    h("th", { scope: "col", role: "columnheader", class: kind }, heading)
  );
  const body = rows.map((cells) =>
    h(
      "tr",
      { role: "row" },
      cells.map((cell, index) => {
        const { heading, kind = "" } = columns[index];
        const content = h("span", { class: "cell" }, cell);
        if (index === 0) {
          return h("th", { scope: "row", role: "rowheader", class: kind, "data-heading": heading }, content);
        }
        return h("td", { role: "cell", class: kind, "data-heading": heading }, content);
      }),
    )
  );
  return h(
    "table",
    { role: "table", class: kind },
    h("caption", null, caption),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, head)),
    h("tbody", { role: "rowgroup" }, body),
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
 * @param {{ id: string, class: string }} names The id of the button, and the class of its container.
 */
export function asking(label, work, names) {
  const failed = h("div", null);
  const go = button(label, () => void press(), { id: names.id });
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
