/** Shows the counts of an import: a bar that represents all records, and the figures. */
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

/** For counts of users: the outcome of these users. All other counts are counts of records. */
const OUTCOMES_OF_USERS = /** @type {const} */ ({
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

/**
 * The bar with all figures.
 * @param {Counts} counts
 * @param {(outcome: string) => string} [linkOf] A link to the users with this outcome.
 */
export function figures(counts, linkOf) {
  const beside = /** @type {const} */ (["permits_released", "missing_archived", "missing_held", "renamed", "merged"]);
  /** @param {keyof Counts} name */
  const one = (name) => figure(name, counts[name], linkOf);
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
    h("dl", { class: "legend" }, OUTCOME_NAMES.map(one)),
    h("dl", { class: "legend beside" }, beside.filter((name) => counts[name] > 0).map(one)),
  );
}

/** @param {keyof Counts} name @param {number} count @param {(outcome: string) => string} [linkOf] */
function figure(name, count, linkOf) {
  const outcome = name in OUTCOMES_OF_USERS
    ? OUTCOMES_OF_USERS[/** @type {keyof typeof OUTCOMES_OF_USERS} */ (name)]
    : null;
  const isLink = count > 0 && outcome !== null && linkOf !== undefined;
  return h(
    "div",
    { class: count === 0 ? "zero" : "" },
    h("dt", null, h("span", { class: `dot ${name}`, "aria-hidden": "true" }), COUNT_WORDS[name]),
    h(
      "dd",
      null,
      isLink
        ? h(
          "a",
          {
            href: linkOf(outcome),
            "aria-label": `${number(count)} ${COUNT_WORDS[name].toLowerCase()}: show the users`,
          },
          number(count),
        )
        : number(count),
    ),
  );
}
