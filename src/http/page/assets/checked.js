/** The result of a check: counts, failures, and the users who would change. */
import { figures } from "./counts.js";
import { h } from "./dom.js";
import { failureTable } from "./failures.js";
import { paged } from "./paged.js";
import { data, notice, section, statusBadge, table } from "./parts.js";
import { counted, number, sentence, shown } from "./words.js";

/** @typedef {import("../../../importer/report.ts").CheckReport} CheckReport */
/** @typedef {import("../../../domain/outcome.ts").Change} Change */
/** @typedef {import("../../../domain/outcome.ts").Failure} Failure */

const ON_A_PAGE = 100;

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
          h("strong", null, status === "rejected" ? "The file would be rejected." : "The file cannot be checked now."),
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
      await failurePages(failures),
    ),
    changes.length > 0 && section("check-changes", "What would change", changeTable(changes)),
  ].filter((part) => part !== false);
}

/** @param {readonly Failure[]} failures */
async function failurePages(failures) {
  return await paged({
    what: "failed records",
    load: (cursor) => {
      const from = Number(cursor ?? 0);
      const to = from + ON_A_PAGE;
      return Promise.resolve({ items: failures.slice(from, to), next: to < failures.length ? String(to) : null });
    },
    show: (items) => failureTable(items, "Failed records, by line"),
  });
}

/** @param {CheckReport} report */
function summary({ records, failed, unchanged, skipped, held, missing_held, missing_archived }) {
  const changed = records - failed - unchanged - skipped - held + missing_archived;
  const waits = held + missing_held;
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
  return table(
    `The first ${counted(changes.length, "user")} that would change, value by value`,
    columns,
    rows,
    "changes",
  );
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
