/** Drop a file to see what an import of it would do now. Nothing is written by it. */
import { figures } from "./counts.js";
import { h } from "./dom.js";
import { failureTable } from "./failures.js";
import { button, data, notice, section, statusBadge, table, trouble } from "./parts.js";
import { counted, number, shown, size } from "./words.js";

/** @typedef {import("../../../importer/report.ts").CheckReport} CheckReport */
/** @typedef {import("../../../domain/outcome.ts").Change} Change */
/** @typedef {import("./app.js").Page} Page */

/** The service takes no more. */
const MOST_BYTES = 256 * 1024 * 1024;

/** @param {Page} page */
export function checkView(page) {
  const result = h("div", { class: "stack", id: "check-result" });
  const content = h(
    "div",
    { class: "stack" },
    h(
      "div",
      { class: "view-head" },
      h("h1", { tabindex: "-1" }, "Check a file"),
      h(
        "p",
        { class: "lead" },
        "See what an import of a roster would do now, record by record. Nothing is written, and nobody is mailed.",
      ),
    ),
    page.session.isAdmin
      ? dropArea((file) => void check(file))
      : notice("quiet", h("p", null, "The read token may not check files.")),
    result,
    help(),
  );
  /** Only the last file counts. @type {AbortController | null} */
  let running = null;
  return Promise.resolve({ title: "Check a file", content });

  /** @param {File} file */
  async function check(file) {
    running?.abort();
    const own = running = new AbortController();
    const signal = AbortSignal.any([own.signal, page.signal]);
    if (file.size > MOST_BYTES) {
      result.replaceChildren(
        notice(
          "bad",
          h(
            "p",
            { role: "alert" },
            `The file has ${size(file.size)}; here at most ${
              size(MOST_BYTES)
            } can be checked. "rosterd check" on the machine takes any size.`,
          ),
        ),
      );
      return;
    }
    result.replaceChildren(checking(file, own));
    page.announce(`Checking ${shown(file.name)}`);
    try {
      const [report] = await page.api.post(`check?name=${encodeURIComponent(file.name)}`, { file, signal });
      if (signal.aborted) return;
      result.replaceChildren(...told(report));
      result.querySelector("h2")?.focus();
    } catch (error) {
      if (!signal.aborted) result.replaceChildren(trouble(error));
      else if (running === own) result.replaceChildren();
    }
  }
}

/** @param {(file: File) => void} onFile */
function dropArea(onFile) {
  const input = h("input", { type: "file", id: "file", accept: ".csv,.tsv,.txt,.gz", class: "visually-hidden" });
  const area = h(
    "div",
    { class: "drop" },
    input,
    h("label", { for: "file", class: "button primary" }, "Choose a file"),
    h("p", null, "or drop it here"),
    h("p", { class: "faint" }, ".csv, .tsv or .txt, each also with .gz"),
  );
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file !== undefined) onFile(file);
    input.value = "";
  });
  for (const event of ["dragenter", "dragover"]) {
    area.addEventListener(event, (event) => {
      event.preventDefault();
      area.classList.add("over");
    });
  }
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) onFile(file);
  });
  return area;
}

/** @param {File} file @param {AbortController} running */
function checking(file, running) {
  return h(
    "div",
    { class: "running" },
    h("p", { class: "running-file" }, data(file.name), " is being checked"),
    h("progress", { "aria-label": "Checking the file" }),
    h("p", { class: "running-words" }, size(file.size), button("Cancel", () => running.abort())),
  );
}

/** @param {CheckReport} report */
function told(report) {
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
        h("p", null, "Why: ", shown(reason.text), `${line}.`),
      ),
    ];
  }
  return [
    h("div", { class: "stack" }, head, summary(report), figures(report)),
    warnings.length > 0 &&
    section(
      "check-warnings",
      "Worth knowing",
      h("ul", { class: "lines" }, warnings.map(({ text }) => h("li", null, shown(text)))),
    ),
    failed > 0 &&
    section(
      "check-failures",
      counted(failed, "record would fail", "records would fail"),
      failureTable(
        failures,
        failed > failures.length ? `The first ${number(failures.length)} of them, by line` : "By line",
      ),
    ),
    changes.length > 0 && section("check-changes", "What would change", changeTable(changes)),
  ].filter((part) => part !== false);
}

/** @param {CheckReport} report */
function summary({ records, failed, unchanged, skipped, held, missing_held, missing_archived }) {
  const changed = records - failed - unchanged - skipped - held + missing_archived;
  const waits = held + missing_held;
  const words = changed === 0 ? "It would change nobody." : `It would change ${counted(changed, "user")}.`;
  return h(
    "p",
    { class: "lead" },
    words,
    waits > 0 && ` ${counted(waits, "user")} would be held for your consent.`,
    " Nothing was written.",
  );
}

/** @param {readonly Change[]} changes */
function changeTable(changes) {
  const rows = changes.flatMap(({ unique_id, outcome, columns }) => {
    const changed = Object.entries(columns);
    if (changed.length === 0) return [[data(unique_id), outcome, "", "", ""]];
    return changed.map((
      [column, [before, after]],
    ) => [data(unique_id), outcome, h("code", null, column), value(before), value(after)]);
  });
  const headings = ["unique_id", "Outcome", "Column", "Before", "After"];
  return table(
    `The first ${counted(changes.length, "user")} that would change, value by value`,
    headings.map((heading) => ({ heading })),
    rows,
    "changes",
  );
}

/** @param {string | null} text */
function value(text) {
  return text === null ? h("span", { class: "faint" }, "empty") : data(text);
}

function help() {
  return h(
    "p",
    { class: "faint" },
    "No roster at hand? ",
    h("a", { href: "assets/sample-roster.csv", download: "sample-roster.csv" }, "Download a sample roster"),
    " and put your users in. Only unique_id and login_source are always wanted.",
  );
}
