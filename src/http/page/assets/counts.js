/** The counts of an import: a bar that represents all records, and the figures. */
import { h } from "./dom.js";
import { COUNT_WORDS, countsInWords, number, OUTCOME_NAMES } from "./words.js";

/** @typedef {import("../../../domain/outcome.ts").Counts} Counts */

/**
 * A small bar for a row of a list, with the counts in words.
 * @param {Counts} counts
 */
export function smallBar(counts) {
  return h("div", { class: "counts" }, bar(counts), h("span", { class: "counts-words" }, countsInWords(counts)));
}

/** @param {Counts} counts */
function bar(counts) {
  const present = OUTCOME_NAMES.filter((name) => counts[name] > 0);
  const parts = present.map((name) => {
    const part = h("span", { class: `part ${name}` });
    part.style.flexGrow = String(counts[name]);
    return part;
  });
  return h("div", { class: "bar", "aria-hidden": "true" }, parts);
}

/**
 * The bar with all figures.
 * @param {Counts} counts
 */
export function figures(counts) {
  const beside = /** @type {const} */ (["permits_released", "missing_archived", "missing_held"]);
  return h(
    "div",
    { class: "figures" },
    h(
      "p",
      { class: "total" },
      h("strong", null, number(counts.records)),
      counts.records === 1 ? " record" : " records",
    ),
    bar(counts),
    h("dl", { class: "legend" }, OUTCOME_NAMES.map((name) => figure(name, counts[name]))),
    h(
      "dl",
      { class: "legend beside" },
      beside.filter((name) => counts[name] > 0).map((name) => figure(name, counts[name])),
    ),
  );
}

/** @param {keyof Counts} name @param {number} count */
function figure(name, count) {
  return h(
    "div",
    { class: count === 0 ? "zero" : "" },
    h("dt", null, h("span", { class: `dot ${name}`, "aria-hidden": "true" }), COUNT_WORDS[name]),
    h("dd", null, number(count)),
  );
}
