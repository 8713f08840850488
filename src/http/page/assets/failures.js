/**
 * Shows the failures of an import: line, user, and each problem with its reason. A button downloads the failed records.
 */
import { h, p } from "./dom.js";
import { downloadButton } from "./download.js";
import { paged } from "./paged.js";
import { data, moment, notice, section, table } from "./parts.js";
import { fileButton, importFile } from "./upload.js";
import { counted, number } from "./words.js";

/** @typedef {import("../../../domain/outcome.ts").Failure} Failure */
/** @typedef {import("../../../domain/outcome.ts").PastFailure} PastFailure */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */

const ON_A_PAGE = 100;

/**
 * @template {Failure} F
 * @param {readonly F[]} failures
 * @param {string} caption
 * @param {((failure: F) => Node) | null} sinceOf When a record failed first; null for the records of a check.
 */
export function failureTable(failures, caption, sinceOf = null) {
  const rows = failures.flatMap((failure) =>
    failure.problems.map(({ column, code, reason }) => [
      number(failure.line),
      failure.unique_id === null ? h("span", { class: "faint" }, "none") : data(failure.unique_id),
      column === null ? h("span", { class: "faint" }, "the whole record") : h("code", null, column),
      h("code", null, code),
      ...(sinceOf === null ? [] : [sinceOf(failure)]),
      data(reason),
    ])
  );
  const columns = [
    { heading: "Line", kind: "number" },
    { heading: "unique_id" },
    { heading: "Column" },
    { heading: "Code" },
    ...(sinceOf === null ? [] : [{ heading: "Since" }]),
    { heading: "Reason", kind: "wide" },
  ];
  return table(caption, columns, rows, "people");
}

/** @param {PastFailure} failure @param {string} startedAt When the import began. */
function sinceOf({ since }, startedAt) {
  return Date.parse(since) === Date.parse(startedAt) ? h("strong", null, "new") : moment(since);
}

/**
 * The section of an import that lists its failures.
 * @param {ImportEntry} entry
 * @param {Page} page
 */
export async function failuresSection({ id, feed, failed, failed_new, failed_file, started_at }, page) {
  const known = failed - failed_new;
  const heading = `${counted(failed, "failed record")}${known > 0 ? `, ${number(failed_new)} new` : ""}`;
  if (!page.session.isClerk) {
    return section(
      "failures",
      heading,
      notice("quiet", p("Only clerks and admins can view failed records.")),
    );
  }
  const list = await paged({
    what: "failed records",
    total: failed,
    load: async (cursor) => {
      const after = cursor === null ? "" : `&after=${cursor}`;
      const { failures, next } = await page.api.get(`imports/${id}/failures?limit=${ON_A_PAGE}${after}`, page.signal);
      return { items: failures, next: next === null ? null : String(next) };
    },
    show: (/** @type {readonly PastFailure[]} */ failures) =>
      failures.length === 0
        ? h("p", { class: "faint" }, "These records were deleted after the retention period (bak_retention_days).")
        : failureTable(failures, "Failed records, by line", (failure) => sinceOf(failure, started_at)),
  });
  const download = failed_file !== null &&
    downloadButton("Download failed records", `imports/${id}/failed.csv`, "The failed records were downloaded", page);
  return section(
    "failures",
    heading,
    h(
      "p",
      { class: "lead" },
      "These records were not applied. Correct them in a spreadsheet, then import the file.",
    ),
    download,
    h(
      "div",
      { class: "actions" },
      fileButton("Import the corrected file…", { id: "corrected", class: "button" }, (file) => {
        void importFile(
          file,
          feed,
          "The corrected records are applied now, and records that still fail are listed.",
          page,
        );
      }),
    ),
    list,
  );
}
