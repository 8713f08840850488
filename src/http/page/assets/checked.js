/** The result of a check: counts, settings that would fix the findings, failures, and the users who would change. */
import { changeTable, value } from "./change_table.js";
import { figures } from "./counts.js";
import { h, li, p } from "./dom.js";
import { heldColumns } from "./held.js";
import { failureTable } from "./failures.js";
import { firstOf, folded } from "./paged.js";
import { button, data, notice, section, statusBadge } from "./parts.js";
import { setup } from "./setup.js";
import { counted, number, sentence, shown } from "./words.js";

/** @typedef {import("../../../importer/report.ts").CheckReport} CheckReport */
/** @typedef {import("../../../domain/outcome.ts").Change} Change */
/** @typedef {import("../../../domain/outcome.ts").Failure} Failure */
/** @typedef {import("../../../domain/outcome.ts").KeptValue} KeptValue */

/**
 * @param {CheckReport} report @param {import("./setup.js").Changes} settings
 * @param {(what: import("./dom.js").Child) => void} importNow
 */
export function checked(report, settings, importNow) {
  const { failures, failed, warnings, held_columns, changes, kept, first_records } = report;
  return [
    head(report, importNow),
    setup(report.findings, settings),
    warnings.length > 0 &&
    section(
      "check-warnings",
      "Warnings",
      h("ul", { class: "lines" }, warnings.map(({ text }) => li(sentence(shown(text))))),
    ),
    failed > 0 &&
    section(
      "check-failures",
      counted(failed, "record would fail", "records would fail"),
      failed > failures.length && h("p", { class: "faint" }, `The first ${number(failures.length)}:`),
      folded({ items: failures, what: "failed records", show: failuresByLine }),
    ),
    held_columns.length > 0 &&
    section(
      "check-held",
      "The whole file would be held for review",
      h("p", { class: "lead" }, "Too many users would change in one column. An admin would have to approve the file."),
      heldColumns(held_columns),
    ),
    changes.length > 0 &&
    section(
      "check-changes",
      "What would change",
      concerned(report) > changes.length && h("p", { class: "faint" }, `The first ${number(changes.length)} users:`),
      folded({ items: changes, what: "users", show: usersWhoWouldChange }),
    ),
    kept.length > 0 && section("check-kept", "Values that users keep", keptTable(kept)),
    first_records.length > 0 && section("check-records", "The first records", storedRecords(report)),
  ].filter((part) => part !== false && part !== null);
}

/** @param {CheckReport} report @param {(what: import("./dom.js").Child) => void} importNow */
function head(report, importNow) {
  const { file, status, reason } = report;
  const heading = h("h2", { tabindex: "-1", id: "checked" }, data(file));
  const top = h("div", { class: "result-head" }, heading, statusBadge(report));
  if (reason === null) {
    const go = button("Import this file…", () => importNow(whatHappens(report)), { id: "import-file" });
    return h(
      "div",
      { class: "stack" },
      top,
      h("p", { class: "lead" }, whatHappens(report), " No data was changed."),
      figures(report),
      h("div", { class: "actions" }, go),
    );
  }
  const line = reason.line === null ? "" : ` (line ${number(reason.line)})`;
  const what = status === "rejected" ? "The file would be rejected." : "The file cannot be checked right now.";
  return h(
    "div",
    { class: "stack" },
    top,
    notice("bad", p(h("strong", null, what)), p("Reason: ", shown(reason.text), `${line}.`)),
  );
}

/** @param {readonly Failure[]} failures */
function failuresByLine(failures) {
  return failureTable(failures, "Failed records, by line");
}

/** @param {readonly Change[]} changes */
function usersWhoWouldChange(changes) {
  return changeTable(changes, "Users who would change or be held, value by value");
}

/** The number of users who would change or be held. @param {CheckReport} report */
function concerned({ records, failed, unchanged, skipped, missing_archived, missing_held, merged }) {
  return records - failed - unchanged - skipped + missing_archived + missing_held + merged;
}

/** @param {CheckReport} report */
function whatHappens(report) {
  const waits = report.held + report.missing_held;
  const changed = concerned(report) - waits;
  const words = changed === 0 ? "No users would change." : `${counted(changed, "user")} would change.`;
  return waits === 0 ? words : `${words} ${counted(waits, "user")} would be held for review.`;
}

/** @param {readonly KeptValue[]} kept */
function keptTable(kept) {
  return firstOf({
    items: kept,
    what: "kept values",
    caption: "Values that users keep, by line",
    columns: ["unique_id", "Line", "Column", "In the roster", "Kept"].map((heading) => ({ heading })),
    row: ({ line, unique_id, column, roster, kept }) => [
      ...[data(unique_id), number(line), h("code", null, column), data(roster), data(kept)],
    ],
  });
}

/** @param {CheckReport} report */
function storedRecords({ first_records, proposal }) {
  const how = proposal === null ? "" : " with the suggested settings";
  return firstOf({
    items: first_records,
    heading: `How they would be stored${how}.`,
    what: "records",
    caption: "The first valid records, as they would be stored",
    columns: [{ heading: "unique_id" }, { heading: "Line" }, { heading: "Values", kind: "wide" }],
    row: ({ line, values }) => {
      const given = Object.entries(values).filter(([column, text]) => column !== "unique_id" && text !== null);
      const list = given.map(([column, text]) => li(h("code", null, column), " ", value(text)));
      return [data(values.unique_id ?? ""), number(line), h("ul", { class: "values" }, list)];
    },
    kind: "people",
  });
}
