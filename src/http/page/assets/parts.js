/** The parts that several views are made of: badges, notices, times, tables, lists of facts. */
import { h } from "./dom.js";
import { ApiError } from "./api.js";
import { dayAndTime, fromNow, shown, statusOf, toTheSecond } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */

/** Shape beside colour: who sees no colours sees it too. */
const SIGNS = { good: "✓", attention: "!", bad: "×", busy: "…", quiet: "–" };

/** @param {Tone} tone @param {string} word */
export function badge(tone, word) {
  return h("span", { class: `badge ${tone}` }, h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[tone]), word);
}

/** @param {Pick<ImportEntry, "status" | "hold" | "undone_at">} entry */
export function statusBadge(entry) {
  const { tone, word } = statusOf(entry);
  return badge(tone, word);
}

/** @param {Tone} tone @param {...Child} children */
export function notice(tone, ...children) {
  return h("div", { class: `notice ${tone}` }, children);
}

/**
 * Says that something went wrong, aloud too.
 * @param {unknown} error
 */
export function trouble(error) {
  const words = error instanceof ApiError ? error.message : "Something went wrong on this page. Load it again.";
  return h("div", { class: "notice bad", role: "alert" }, h("p", null, words));
}

/**
 * What nothing was found for, and what to do about it.
 * @param {string} heading
 * @param {...Child} children
 */
export function empty(heading, ...children) {
  return h("div", { class: "empty" }, h("p", { class: "empty-heading" }, heading), children);
}

/** Data in its own direction of writing. @param {string} text */
export function data(text) {
  return h("bdi", null, shown(text));
}

/** @param {string} time RFC 3339 */
export function moment(time) {
  return h("time", { datetime: time, title: toTheSecond(time) }, dayAndTime(time));
}

/** "3 minutes ago"; kept true by the page. @param {string} time RFC 3339 */
export function ago(time) {
  const words = fromNow(time, Date.now());
  return h("time", { datetime: time, title: toTheSecond(time), "data-from-now": true }, words);
}

/**
 * @typedef {object} Column
 * @property {string} heading
 * @property {string} [kind] A class of its cells: `number`, `wide`, …
 */

/**
 * A table that stays one for a screen reader when a narrow screen makes a list of it.
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
 * A button that asks something of the service: it is off meanwhile, and what went wrong stands below it.
 * @param {string} label
 * @param {() => Promise<void>} work
 * @param {{ id: string, class: string }} names Of the button, and of it with what stands below.
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
      // Without a token that holds, the sign-in stands there.
      if (!(error instanceof ApiError) || error.status !== 401) failed.replaceChildren(trouble(error));
    }
    go.disabled = false;
  }
}

/**
 * A part of a page with a heading of its own.
 * @param {string} id
 * @param {string} heading
 * @param {...Child} children
 */
export function section(id, heading, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-heading` }, h("h2", { id: `${id}-heading` }, heading), children);
}
