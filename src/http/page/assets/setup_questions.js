/** The questions that a check asks. Each answer is the value of one setting, and has its own control. */
import { h, p } from "./dom.js";
import { data } from "./parts.js";
import { capital, counted } from "./words.js";

/** @typedef {import("../../../domain/roster_finding.ts").RosterFinding} Finding */
/** @typedef {import("./dom.js").Child} Child */

/**
 * @typedef {object} Question
 * @property {Finding} finding
 * @property {HTMLElement} element
 * @property {HTMLInputElement | HTMLSelectElement | null} control Null if no setting fixes the finding.
 * @property {() => string} answer Empty if the question is unanswered.
 * @property {(messages: readonly string[]) => void} refuse Shows error messages. An empty list clears them.
 */

/** The text of the empty choice. */
const NO_ANSWER = {
  unknown_header: "not used",
  missing_column: "no default",
  missing_value: "no default",
  opposite_value: "leave as it is",
  value: "leave as it is",
  date_format: "leave as it is",
};

/** @param {Finding} finding @param {number} index @returns {Question} */
export function question(finding, index) {
  const id = `question-${index}`;
  const control = finding.setting === null ? null : controlOf(finding, id);
  const error = h("p", { class: "field-error", id: `${id}-error` });
  const words = wordsOf(finding);
  const element = h(
    "div",
    { class: "question" },
    control === null ? p(words) : h("label", { for: id }, words),
    control !== null && h("div", { class: "answer" }, control, guess(finding), error),
  );
  return {
    finding,
    element,
    control,
    answer: () => control?.value.trim() ?? "",
    refuse(messages) {
      error.textContent = capital(messages.join(" "));
      if (messages.length > 0) control?.setAttribute("aria-invalid", "true");
      else control?.removeAttribute("aria-invalid");
    },
  };
}

/** @param {Finding} finding @param {string} id */
function controlOf({ kind, choices, column, suggestion }, id) {
  const about = { id, "aria-describedby": `${id}-error` };
  if (choices.length === 0) {
    return h("input", { ...about, type: "text", value: suggestion ?? "", spellcheck: "false", autocomplete: "off" });
  }
  const select = h(
    "select",
    about,
    h("option", { value: "" }, NO_ANSWER[kind]),
    choices.map((value) => h("option", { value }, column === "active" ? `${value} (${FLAGS[value]})` : value)),
  );
  select.value = suggestion ?? "";
  return select;
}

/** @type {Record<string, string>} */
const FLAGS = { 0: "inactive", 1: "active" };

/** @param {Finding} finding */
function guess({ is_guess, suggestion }) {
  if (!is_guess) return null;
  return h("p", { class: "faint" }, `“${suggestion}” is only a guess. Please confirm it.`);
}

/** @param {Finding} finding @returns {Child} */
function wordsOf({ kind, header, column, value, count, setting }) {
  const code = h("code", null, column ?? "");
  const records = count === null ? null : h("span", { class: "faint" }, ` (${counted(count, "record")})`);
  switch (kind) {
    case "unknown_header":
      return ["Column for ", named(header)];
    case "missing_column":
      return setting === null
        ? ["No header for ", code, ". Assign the column to one of the headers."]
        : ["No header for ", code, ". Users without a value get"];
    case "missing_value":
      return ["No value in ", code, records, ". Users without a value get"];
    case "opposite_value":
      return [named(header), " is the opposite of ", code, ". Its ", named(value), " means"];
    case "value":
      return [named(value), records, " means"];
    case "date_format":
      return ["The dates in ", named(header ?? column), records, " are written"];
  }
}

/** @param {string | null} text */
function named(text) {
  return h("code", null, data(text ?? ""));
}
