/** The failures of an import: line, user, and each problem with its reason, plus a button to download them. */
import { h } from "./dom.js";
import { paged } from "./paged.js";
import { asking, data, notice, section, table } from "./parts.js";
import { counted, number } from "./words.js";

/** @typedef {import("../../../domain/outcome.ts").Failure} Failure */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */

const ON_A_PAGE = 100;

/**
 * @param {readonly Failure[]} failures
 * @param {string} caption
 */
export function failureTable(failures, caption) {
  const rows = failures.flatMap(({ line, unique_id, problems }) =>
    problems.map(({ column, code, reason }) => [
      number(line),
      unique_id === null ? h("span", { class: "faint" }, "none") : data(unique_id),
      column === null ? h("span", { class: "faint" }, "the whole record") : h("code", null, column),
      h("code", null, code),
      data(reason),
    ])
  );
  const columns = [
    { heading: "Line", kind: "number" },
    { heading: "unique_id" },
    { heading: "Column" },
    { heading: "Code" },
    { heading: "Reason", kind: "wide" },
  ];
  return table(caption, columns, rows, "failures");
}

/**
 * The section of an import that lists its failures.
 * @param {ImportEntry} entry
 * @param {Page} page
 */
export async function failuresSection({ id, failed, failed_file }, page) {
  const heading = counted(failed, "failed record");
  if (!page.session.isClerk) {
    return section(
      "failures",
      heading,
      notice("quiet", h("p", null, "Only clerks and admins can view failed records.")),
    );
  }
  const list = await paged({
    what: "failed records",
    load: async (cursor) => {
      const after = cursor === null ? "" : `&after=${cursor}`;
      const { failures, next } = await page.api.get(`imports/${id}/failures?limit=${ON_A_PAGE}${after}`, page.signal);
      return { items: failures, next: next === null ? null : String(next) };
    },
    show: (/** @type {readonly Failure[]} */ failures) =>
      failures.length === 0
        ? h("p", { class: "faint" }, "These records were deleted after the retention period (bak_retention_days).")
        : failureTable(failures, "Failed records, by line"),
  });
  const download = failed_file === null ? null : downloadButton(id, failed_file, page);
  return section(
    "failures",
    heading,
    h(
      "p",
      { class: "lead" },
      "These records were not applied. Correct them in a spreadsheet, then drop the file into the upload folder.",
    ),
    download,
    list,
  );
}

/** @param {number} id @param {string} name @param {Page} page */
function downloadButton(id, name, page) {
  const download = async () => {
    save(await (await page.api.ask("GET", `imports/${id}/failed.csv`)).blob(), name);
    page.announce("The failed records were downloaded");
  };
  return asking("Download failed records", download, { id: "download", class: "download" });
}

/** Saves bytes that were fetched, because a plain link cannot send the token. @param {Blob} bytes @param {string} name */
function save(bytes, name) {
  const link = h("a", { href: URL.createObjectURL(bytes), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
