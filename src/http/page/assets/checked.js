/** The result of a check: counts, failures, and the users who would change. */
import { figures } from "./counts.js";
import { h } from "./dom.js";
import { failureTable } from "./failures.js";
import { folded } from "./paged.js";
import { data, notice, section, statusBadge, table } from "./parts.js";
import { counted, number, sentence, shown } from "./words.js";

/** @typedef {import("../../../importer/report.ts").CheckReport} CheckReport */
/** @typedef {import("../../../domain/outcome.ts").Change} Change */
/** @typedef {import("../../../domain/outcome.ts").Failure} Failure */

/** @param {CheckReport} report */
export async function checked(report) {
  const { file, status, reason, failures, failed, warnings, changes } = report;
  const heading = h("h2", { tabindex: "-1", id: "checked" }, data(file));
  const head = h("div", { class: "result-head" }, heading, statusBadge({ status, hold: null, undone_at: null }));
  if (reason !== null) {
    const line = reason.line === null ? "" : ` (line ${number(reason.line)})`;
    return [
      head,
      notice(
        "bad",
        h(
          "p",
          null,
          h(
            "strong",
            null,
            status === "rejected" ? "The file would be rejected." : "The file cannot be checked right now.",
          ),
        ),
        h("p", null, "Reason: ", shown(reason.text), `${line}.`),
      ),
    ];
  }
  return [
    h("div", { class: "stack" }, head, summary(report), figures(report)),
    warnings.length > 0 &&
    section(
      "check-warnings",
      "Warnings",
      h("ul", { class: "lines" }, warnings.map(({ text }) => h("li", null, sentence(shown(text))))),
    ),
    failed > 0 &&
    section(
      "check-failures",
      counted(failed, "record would fail", "records would fail"),
      failed > failures.length && h("p", { class: "faint" }, `The first ${number(failures.length)}:`),
      await folded({ items: failures, what: "failed records", show: failuresByLine }),
    ),
    changes.length > 0 &&
    section(
      "check-changes",
      "What would change",
      concerned(report) > changes.length && h("p", { class: "faint" }, `The first ${number(changes.length)} users:`),
      await folded({ items: changes, what: "users", show: changeTable }),
    ),
  ].filter((part) => part !== false);
}

/** @param {readonly Failure[]} failures */
function failuresByLine(failures) {
  return failureTable(failures, "Failed records, by line");
}

/** The users who would change or be held. @param {CheckReport} report */
function concerned({ records, failed, unchanged, skipped, missing_archived, missing_held }) {
  return records - failed - unchanged - skipped + missing_archived + missing_held;
}

/** @param {CheckReport} report */
function summary(report) {
  const waits = report.held + report.missing_held;
  const changed = concerned(report) - waits;
  const words = changed === 0 ? "No users would change." : `${counted(changed, "user")} would change.`;
  return h(
    "p",
    { class: "lead" },
    words,
    waits > 0 && ` ${counted(waits, "user")} would be held for review.`,
    " Nothing was written.",
  );
}

/** @param {readonly Change[]} changes */
function changeTable(changes) {
  const rows = changes.map(({ unique_id, outcome, columns }) => [
    data(unique_id),
    outcome,
    h(
      "ul",
      { class: "values" },
      Object.entries(columns).map(([column, values]) => changedValue(column, values, outcome)),
    ),
  ]);
  const columns = [{ heading: "unique_id" }, { heading: "Outcome" }, { heading: "Values", kind: "wide" }];
  return table("Users who would change or be held, value by value", columns, rows, "changes");
}

/** A created user has no values before. @param {string} column @param {[string | null, string | null]} values @param {string} outcome */
function changedValue(column, [before, after], outcome) {
  const from = outcome === "created" ? null : [value(before), h("span", { class: "faint" }, " to ")];
  return h("li", null, h("code", null, column), " ", from, value(after));
}

/** @param {string | null} text */
function value(text) {
  return text === null ? h("span", { class: "faint" }, "empty") : data(text);
}
