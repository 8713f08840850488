/** Shows the counts of an import: a bar that represents all records, and the figures. */
import { h } from "./dom.js";
import { COUNT_WORDS, number, OUTCOME_NAMES } from "./words.js";

/** @typedef {import("../../../domain/outcome.ts").Counts} Counts */

/** For counts of users: the outcome of these users. All other counts are counts of records. */
const OUTCOMES_OF_USERS = /** @type {Partial<Record<keyof Counts, string>>} */ ({
  created: "created",
  updated: "updated",
  reactivated: "reactivated",
  archived: "archived",
  held: "held",
  permits_released: "archived",
  missing_archived: "archived",
  missing_held: "held",
  renamed: "updated",
  merged: "archived",
});

/** Counts that are not outcomes of records. They are shown if they are not zero. */
const BESIDE = /** @type {const} */ (["permits_released", "missing_archived", "missing_held", "renamed", "merged"]);

/**
 * The bar with all figures.
 * @param {Counts} counts
 * @param {(outcome: string) => string} [linkOf] A link to the users with this outcome.
 */
export function figures(counts, linkOf) {
  /** @param {keyof Counts} name */
  const figure = (name) => {
    const count = counts[name], outcome = OUTCOMES_OF_USERS[name], label = COUNT_WORDS[name];
    const people = { "aria-label": `${number(count)} ${label.toLowerCase()}: show the users` };
    const value = count > 0 && outcome !== undefined && linkOf !== undefined
      ? h("a", { href: linkOf(outcome), ...people }, number(count))
      : number(count);
    const term = h("dt", null, coloured("dot", name), label);
    return h("div", { class: count === 0 ? "zero" : "" }, term, h("dd", null, value));
  };
  const records = [h("strong", null, number(counts.records)), counts.records === 1 ? " record" : " records"];
  return h(
    "div",
    { class: "figures" },
    h("p", { class: "total" }, records),
    bar(counts),
    h("dl", { class: "legend" }, OUTCOME_NAMES.map(figure)),
    h("dl", { class: "legend beside" }, BESIDE.filter((name) => counts[name] > 0).map(figure)),
  );
}

/** @param {Counts} counts */
function bar(counts) {
  const parts = OUTCOME_NAMES.filter((name) => counts[name] > 0).map((name) => {
    const part = coloured("part", name);
    part.style.flexGrow = String(counts[name]);
    return part;
  });
  return h("div", { class: "bar", "aria-hidden": "true" }, parts);
}

/** A symbol in the color of an outcome. @param {string} kind @param {keyof Counts} name */
function coloured(kind, name) {
  const sign = h("span", { class: kind, "aria-hidden": "true" });
  sign.style.background = `var(--bar-${OUTCOMES_OF_USERS[name] ?? name})`;
  return sign;
}
