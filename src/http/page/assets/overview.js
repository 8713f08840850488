/**
 * The overview: last night's news first, what needs a decision, who keeps failing, and what is waiting in the folder.
 */
import { ApiError } from "./api.js";
import { DAYS, news, ZONE } from "./days.js";
import { h, li, link, p, Slot } from "./dom.js";
import { feedPath } from "./feed.js";
import { feeds } from "./feeds.js";
import { grace } from "./grace.js";
import { healthLine, healthOf, troubles } from "./health.js";
import { importTable } from "./imports.js";
import { firstOf } from "./paged.js";
import { asking, data, empty, moment, notice, section, userLink, viewOf } from "./parts.js";
import { progress } from "./progress.js";
import { counted, number, sentence, shown } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("../../../domain/outcome.ts").LastingFailures} LastingFailures */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */

/** @typedef {{ days: import("../../../domain/day.ts").Day[], today: string }} SixWeeks */

const LAST = 6;

/** A persistent failure is listed from this night on. */
const NIGHTS = 3;

/** Such as 2026-11-30. */
const TODAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

/** @param {Page} page */
export async function overview(page) {
  const last = new Slot(h("div", null), (/** @type {Last} */ loaded) => lastImports(loaded, page));
  const sixWeeks = slotOf((/** @type {SixWeeks} */ { days, today }) => news(days, today));
  const failing = slotOf(lasting);
  /** The rest of the view is shown even if this fails, because health matters most when the database is unavailable. */
  async function load() {
    try {
      const zone = encodeURIComponent(ZONE);
      const [{ imports }, { days }, failures] = await Promise.all([
        page.api.get(`imports?limit=${LAST}`, page.signal),
        whenAvailable(page.api.get(`days?days=${DAYS}&zone=${zone}`, page.signal), { days: [] }),
        !page.session.isClerk
          ? NONE
          : whenAvailable(page.api.get(`failures?nights=${NIGHTS}&zone=${zone}`, page.signal), NONE),
      ]);
      last.show({ imports, folder: page.live.status?.folder.path ?? null });
      sixWeeks.show({ days, today: TODAY.format(Date.now()) });
      failing.show(failures);
    } catch (error) {
      if (!(error instanceof ApiError && error.passes)) throw error;
      last.show({ why: error.message });
    }
  }
  await page.live.look();
  await load();
  page.live.onHistory(() => void load().catch(() => {}), page.signal);
  return viewOf(
    "Overview",
    [part(page, healthOf, healthLine), page.session.isClerk && lookNow(page)],
    part(page, ({ running }) => running, progress),
    part(page, healthOf, troubles),
    part(page, ({ holds, open_holds }) => ({ holds, open_holds }), holds),
    sixWeeks.element,
    part(page, ({ waiting, waiting_count, ignored, ignored_count }) => ({
      ...{ waiting, waiting_count, ignored, ignored_count },
    }), files),
    failing.element,
    part(page, ({ feeds }) => feeds, feeds),
    part(page, ({ feeds }) => feeds.map(({ name, grace }) => ({ name, grace })), grace),
    section("last", "Recent imports", last.element),
  );
}

/** @type {LastingFailures} */
const NONE = { failures: [], total: 0 };

/**
 * The response to a call; `instead` while the response is not available, as during an import into the embedded
 * database.
 * @template T
 * @param {Promise<T>} answer @param {T} instead
 */
async function whenAvailable(answer, instead) {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ApiError && error.passes)) throw error;
    return instead;
  }
}

/**
 * A part of the view that takes up no space while it is empty.
 * @template T
 * @param {(data: T) => Child} build
 */
function slotOf(build) {
  return new Slot(h("div", { class: "part-of-view" }), build);
}

/**
 * A part of the view that follows the status.
 * @template T
 * @param {Page} page
 * @param {(status: StatusDocument) => T} pick The data that the part shows.
 * @param {(data: T) => Child} build
 */
function part(page, pick, build) {
  const slot = slotOf(build);
  page.live.onStatus((status) => slot.show(pick(status)), page.signal);
  return slot.element;
}

/** @param {Pick<StatusDocument, "holds" | "open_holds">} status */
function holds({ holds, open_holds }) {
  if (open_holds === 0) return null;
  const lines = holds.map(({ id, kind, feed, file, users }) => {
    const name = data(feedPath({ feed, file }));
    const words = kind === "changes"
      ? [
        "The file ",
        name,
        " is ",
        h("strong", null, "held as a whole"),
        " for review. No records will be applied until you decide.",
      ]
      : [
        ...["The import of ", name, " holds ", h("strong", null, counted(users, "user"))],
        " for review. These users keep access until you decide.",
      ];
    const review = h("a", { class: "button primary", href: `#/imports/${id}` }, "Review and decide");
    return h("li", { class: "hold" }, p(words), review);
  });
  const more = open_holds - holds.length;
  const all = link("#/imports?status=held", "show all");
  return notice(
    "attention",
    h("ul", { class: "holds" }, lines),
    more > 0 &&
      p(`And ${counted(more, "more import holds", "more imports hold")} users for review: `, all, "."),
  );
}

/** @param {LastingFailures} lasting */
function lasting({ failures, total }) {
  if (total === 0) return null;
  const row = (
    /** @type {LastingFailures["failures"][number]} */ { unique_id, is_user, name, problems, ...failed },
  ) => [
    unique_id === null ? `line ${number(failed.line)}` : is_user ? userLink(unique_id) : data(unique_id),
    data(name ?? ""),
    h("ul", null, problems.map(({ reason }) => li(data(sentence(reason))))),
    moment(failed.since),
    link(`#/imports/${failed.import}?part=failures`, `import ${failed.import}`),
  ];
  const list = firstOf({
    items: failures,
    total,
    heading: "These records fail night after night. Correct them at the source, or import corrected versions.",
    what: "failing records",
    caption: "Records that keep failing, longest first",
    columns: ["unique_id", "Name", "Reason", "Since", "Last"].map((heading) => ({ heading })),
    row,
    kind: "people",
  });
  return section("failing", `Failing for ${NIGHTS} nights or more: ${counted(total, "record")}`, list);
}

/**
 * The files that are waiting, the reasons why, and the files that are never picked up.
 * @param {Pick<StatusDocument, "waiting" | "waiting_count" | "ignored" | "ignored_count">} status
 */
function files({ waiting, waiting_count, ignored, ignored_count }) {
  const total = waiting_count + ignored_count;
  if (total === 0) return null;
  const never =
    "This file is never picked up because of its extension. Roster names must end in .csv, .tsv or .txt, optionally followed by .gz.";
  const list = firstOf({
    items: [
      ...waiting.map(({ name, text }) => ({ name, why: sentence(shown(text.replace(/^waiting: /, ""))) })),
      ...ignored.map((name) => ({ name, why: never })),
    ],
    total,
    what: "files",
    caption: "Files in the upload folder, with reasons",
    columns: [{ heading: "File", kind: "file" }, { heading: "Reason", kind: "wide" }],
    row: ({ name, why }) => [data(name), why],
  });
  return section("waiting", `Not imported: ${counted(total, "file")}`, list);
}

/** @typedef {{ imports: ImportEntry[], folder: string | null } | { why: string }} Last */

/** @param {Last} last @param {Page} page */
function lastImports(last, page) {
  if ("why" in last) return empty("Recent imports cannot be shown right now.", p(last.why));
  const { imports, folder } = last;
  if (imports.length > 0) {
    return [
      importTable(imports, "Recent imports", page),
      h("p", { class: "more" }, link("#/imports", "All imports")),
    ];
  }
  const where = folder === null ? "the upload folder" : h("code", null, data(folder));
  const sample = h(
    "a",
    { href: "assets/sample-roster.csv", download: "sample-roster.csv" },
    "Download a sample roster",
  );
  const check = link("#/check", "check a file");
  return empty(
    "No imports yet.",
    p("Drop a roster into ", where, ". It will be imported at the next scan."),
    p(sample, ", or ", check, " to see the result of an import."),
  );
}

/** @param {Page} page */
function lookNow(page) {
  const look = async () => {
    await page.api.post("imports");
    page.announce("rosterd is scanning the folder");
    await page.live.expectWork();
  };
  return asking("Scan folder now", look, { id: "look-now", class: "look-now", button: "button small" });
}
