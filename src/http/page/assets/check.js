/** The view that checks a dropped file: it shows the effects of an import without writing any data. */
import { checked } from "./checked.js";
import { h, p } from "./dom.js";
import { feedNames, feedWord } from "./feed.js";
import { button, data, notice, trouble, viewOf } from "./parts.js";
import { changeStored, readStored } from "./stored_settings.js";
import { fileButton, importFile } from "./upload.js";
import { shown, size } from "./words.js";

/** @typedef {import("./app.js").Page} Page */

/** The maximum file size that the service accepts. */
const MOST_BYTES = 256 * 1024 * 1024;

/** @param {Page} page */
export async function checkView(page) {
  // The view is shown even if the settings are broken.
  const feeds = await readStored(page).then(({ settings }) => feedNames(settings)).catch(() => []);
  const feed = h(
    "select",
    { id: "check-feed" },
    ["", ...feeds].map((name) => h("option", { value: name }, feedWord(name))),
  );
  const result = h("div", { class: "stack", id: "check-result" });
  const words =
    "See what would happen, record by record, if you imported a roster now. No data is changed, and no email is sent.";
  const view = viewOf(
    "Check a file",
    h("p", { class: "lead" }, words),
    feeds.length > 0 && p(h("label", { for: "check-feed" }, "Check the file for "), feed),
    page.session.isClerk
      ? dropArea((file) => void check(file), page.signal)
      : notice("quiet", p("Only clerks and admins can check files.")),
    result,
    help(),
  );
  /** The check of the latest file. A new file aborts this check. @type {AbortController | null} */
  let running = null;
  return view;

  /**
   * @param {File} file
   * @param {{ isSaved?: boolean, answers?: import("./setup.js").Answers }} [after] The state of the previous check.
   */
  async function check(file, { isSaved = false, answers } = {}) {
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
            `The file is too large: ${size(file.size)}. At most ${
              size(MOST_BYTES)
            } can be checked here. Run "rosterd check" on the server instead.`,
          ),
        ),
      );
      return;
    }
    result.replaceChildren(checking(file, own));
    page.announce(`Checking ${shown(file.name)}`);
    try {
      // The ETag is read first. If the settings change during the check, the ETag is too old, and saving fails safely.
      const { etag } = await readStored(page, signal);
      const report = await page.api.post(`check?${new URLSearchParams({ name: file.name, feed: feed.value })}`, {
        file,
        signal,
      });
      if (signal.aborted) return;
      const apply = async (/** @type {unknown} */ patch) => {
        await changeStored(page, patch, etag);
        await check(file, { isSaved: true });
      };
      const saved = notice("good", p("The settings were saved, and the file was checked again."));
      const again = (/** @type {import("./setup.js").Answers} */ answers) => void check(file, { answers });
      const importNow = (/** @type {import("./dom.js").Child} */ what) => void importFile(file, feed.value, what, page);
      const parts = checked(report, { apply: page.session.isAdmin ? apply : null, again, answers }, importNow);
      result.replaceChildren(...(isSaved ? [saved] : []), ...parts);
      result.querySelector("h2")?.focus();
    } catch (error) {
      if (!signal.aborted) result.replaceChildren(trouble(error));
      else if (running === own) result.replaceChildren();
    }
  }
}

/**
 * Accepts drops anywhere in the document. Otherwise the browser would open a file dropped outside the area.
 * @param {(file: File) => void} onFile
 * @param {AbortSignal} signal
 */
function dropArea(onFile, signal) {
  const area = h(
    "div",
    { class: "drop" },
    fileButton("Choose a file", { id: "file", class: "button primary" }, onFile),
    p("or drop it here"),
    h("p", { class: "faint" }, ".csv, .tsv or .txt, plain or compressed (.gz)"),
  );
  for (const event of ["dragenter", "dragover"]) {
    document.addEventListener(event, (event) => {
      event.preventDefault();
      area.classList.add("over");
    }, { signal });
  }
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) area.classList.remove("over");
  }, { signal });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    if (file !== undefined) onFile(file);
  }, { signal });
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

function help() {
  return h(
    "p",
    { class: "faint" },
    "No roster yet? ",
    h("a", { href: "assets/sample-roster.csv", download: "sample-roster.csv" }, "Download a sample roster"),
    " and enter your users. Only unique_id and login_source are always required.",
  );
}
