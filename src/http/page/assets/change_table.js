/** A table of changed users, with each value before and after the change. */
import { h, li } from "./dom.js";
import { data, table } from "./parts.js";

/** @typedef {import("../../../domain/outcome.ts").Change & { permits_released?: (string | null)[] }} Change */

/**
 * @param {readonly Change[]} changes @param {string} caption
 * @param {(uniqueId: string) => HTMLElement} [subject] Shows the user, such as with a link.
 */
export function changeTable(changes, caption, subject = data) {
  const rows = changes.map((change) => [subject(change.unique_id), change.outcome, changedValues(change)]);
  const columns = [{ heading: "unique_id" }, { heading: "Outcome" }, { heading: "Values", kind: "wide" }];
  return table(caption, columns, rows, "people");
}

/** @param {Pick<Change, "outcome" | "columns" | "permits_released">} change */
export function changedValues({ outcome, columns, permits_released = [] }) {
  return h(
    "ul",
    { class: "values" },
    Object.entries(columns).map(([column, values]) => changedValue(column, values, outcome)),
    permits_released.map((number) => li(h("code", null, "permit"), " ", value(number), " released")),
  );
}

/**
 * The words for a user with a new id, and the position of the other id among the two values.
 * @type {Readonly<Record<string, readonly [words: string, place: 0 | 1]>>}
 */
const ID_WORDS = { unique_id: ["renamed from", 0], old_unique_id: ["merged with", 1], merged_into: ["merged into", 1] };

/**
 * A created user has no earlier values.
 * @param {string} column @param {[string | null, string | null]} values @param {string} outcome
 */
function changedValue(column, [before, after], outcome) {
  const about = ID_WORDS[column];
  if (about !== undefined) return li(about[0], " ", value([before, after][about[1]]));
  const from = outcome === "created" ? null : [value(before), h("span", { class: "faint" }, " to ")];
  return li(h("code", null, column), " ", from, value(after));
}

/** @param {string | null} text */
export function value(text) {
  return text === null ? h("span", { class: "faint" }, "empty") : data(text);
}
