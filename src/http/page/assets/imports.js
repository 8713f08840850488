/** The view of all imports, newest first, filtered by status, one page at a time. */
import { smallBar } from "./counts.js";
import { h, Slot } from "./dom.js";
import { feedPath } from "./feed.js";
import { ago, data, empty, filter, statusBadge, table, viewOf } from "./parts.js";
import { importsLink } from "./route.js";
import { sentence, shown, STATUS_NAMES, statusWord } from "./words.js";

/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {{ imports: ImportEntry[], next: number | null }} ImportPage */

const ON_A_PAGE = 25;

/** @param {Page} page @param {Route} route */
export async function importsView(page, { query }) {
  const status = query.get("status");
  const before = query.get("before");
  const feed = query.get("feed");
  const parameters = new URLSearchParams({ limit: String(ON_A_PAGE) });
  if (status !== null) parameters.set("status", status);
  if (feed !== null) parameters.set("feed", feed);
  if (before !== null) parameters.set("before", before);
  const slot = new Slot(
    h("div", { class: "stack" }),
    (/** @type {ImportPage} */ loaded) => list(loaded, { status, feed }, before),
  );

  async function load() {
    slot.show(await page.api.get(`imports?${parameters}`, page.signal));
  }
  await load();
  page.live.onHistory(() => void load().catch(() => {}), page.signal);
  return viewOf("Imports", null, byStatus(status, feed), slot.element);
}

/** @param {string | null} chosen @param {string | null} feed */
function byStatus(chosen, feed) {
  return filter(
    "Imports by status",
    [null, ...STATUS_NAMES].map((status) => ({
      href: importsLink({ status, feed }),
      text: status === null ? "All" : statusWord(status),
      isChosen: status === chosen,
    })),
  );
}

/** @param {ImportPage} loaded @param {{ status: string | null, feed: string | null }} chosen @param {string | null} before */
function list({ imports, next }, chosen, before) {
  if (imports.length === 0 && before === null) return nothing(chosen);
  return [
    importTable(imports, "Imports, newest first"),
    (next !== null || before !== null) && h(
      "nav",
      { class: "pager", "aria-label": "History pages" },
      before !== null && h("a", { class: "button", href: importsLink(chosen) }, "Newest"),
      next !== null && h("a", { class: "button", href: importsLink({ ...chosen, before: next }) }, "Older"),
    ),
  ];
}

/** @param {{ status: string | null, feed: string | null }} chosen */
function nothing({ status, feed }) {
  if (status !== null || feed !== null) {
    return empty(
      status === null ? "No imports of this feed yet." : "No imports have this status.",
      h("p", null, h("a", { href: "#/imports" }, "Show all imports")),
    );
  }
  return empty(
    "No imports yet.",
    h(
      "p",
      null,
      "Drop a roster into the upload folder, or ",
      h("a", { href: "#/check" }, "check a file"),
      " first to see the result of an import.",
    ),
  );
}

/** @param {readonly ImportEntry[]} imports @param {string} caption */
export function importTable(imports, caption) {
  const columns = [
    { heading: "File", kind: "file" },
    { heading: "Status" },
    { heading: "Records", kind: "wide" },
    { heading: "Started" },
  ];
  return table(caption, columns, imports.map(row), "imports");
}

/** @param {ImportEntry} entry */
function row(entry) {
  const { id, started_at } = entry;
  return [
    h(
      "span",
      { class: "file-cell" },
      h("a", { href: `#/imports/${id}`, id: `import-${id}` }, data(feedPath(entry))),
      h("span", { class: "faint" }, ` · ${id}`),
    ),
    statusBadge(entry),
    outcome(entry),
    ago(started_at),
  ];
}

/** @param {ImportEntry} entry */
function outcome(entry) {
  if (entry.status === "running") return h("span", { class: "faint" }, "in progress");
  if (entry.reason !== null) return h("span", { class: "why" }, sentence(shown(entry.reason.text)));
  return smallBar(entry);
}
