/** The overview: health, the running import, problems that need attention, recent imports and waiting files. */
import { ApiError } from "./api.js";
import { DAYS, news, ZONE } from "./days.js";
import { h, Slot } from "./dom.js";
import { feedPath } from "./feed.js";
import { feeds } from "./feeds.js";
import { grace } from "./grace.js";
import { health } from "./health.js";
import { importTable } from "./imports.js";
import { asking, badge, data, empty, notice, section, table, viewOf } from "./parts.js";
import { progress } from "./progress.js";
import { counted, sentence, shown } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */

/** @typedef {{ days: import("../../../domain/day.ts").Day[], today: string }} SixWeeks */

const LAST = 6;

/** Such as 2026-11-30. */
const TODAY = new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" });

/** @param {Page} page */
export async function overview(page) {
  const last = new Slot(h("div", null), (/** @type {Last} */ loaded) => lastImports(loaded));
  const sixWeeks = new Slot(
    h("div", { class: "part-of-view" }),
    (/** @type {SixWeeks} */ { days, today }) => news(days, today),
  );
  /**
   * If this call fails, the rest of the view is still shown, because health matters most when the database is
   * unavailable.
   */
  async function load() {
    try {
      const { imports } = await page.api.get(`imports?limit=${LAST}`, page.signal);
      last.show({ imports, folder: page.live.status?.folder.path ?? null });
      sixWeeks.show({ ...await lastDays(page), today: TODAY.format(Date.now()) });
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
    part(page, verdictOf, verdict),
    part(page, ({ running }) => running, progress),
    part(page, ({ holds, open_holds }) => ({ holds, open_holds }), holds),
    sixWeeks.element,
    part(page, ({ problems, folder, settings, mail }) => ({ problems, folder, settings, mail }), problems),
    health(page),
    part(page, ({ feeds }) => feeds, feeds),
    part(page, ({ feeds }) => feeds.map(({ name, grace }) => ({ name, grace })), grace),
    section("last", "Recent imports", page.session.isClerk ? lookNow(page) : null, last.element),
    part(page, ({ waiting, waiting_count, ignored, ignored_count }) => ({
      ...{ waiting, waiting_count, ignored, ignored_count },
    }), files),
  );
}

/**
 * The last imports; empty while they are not available, as during an import into the embedded database. @param {Page}
 * page
 */
async function lastDays(page) {
  const query = new URLSearchParams({ days: String(DAYS), zone: ZONE });
  try {
    return await page.api.get(`days?${query}`, page.signal);
  } catch (error) {
    if (!(error instanceof ApiError && error.passes)) throw error;
    return { days: [] };
  }
}

/**
 * A part of the view that follows the status.
 * @template T
 * @param {Page} page
 * @param {(status: StatusDocument) => T} pick The data that the part shows.
 * @param {(data: T) => Child} build
 */
function part(page, pick, build) {
  const slot = new Slot(h("div", { class: "part-of-view" }), build);
  page.live.onStatus((status) => slot.show(pick(status)), page.signal);
  return slot.element;
}

/**
 * @param {StatusDocument} status
 * @returns {{ tone: Tone, words: string }}
 */
function verdictOf({ ready, standby, problems, open_holds, mail, running }) {
  const open = problems.filter(isTrouble).length + open_holds + (mail.problem === undefined ? 0 : 1);
  if (!ready) return { tone: "bad", words: "Imports are not possible right now" };
  if (open > 0) return { tone: "attention", words: `Needs attention: ${counted(open, "item")}` };
  if (standby) return { tone: "quiet", words: "Standby: another instance of rosterd is importing into this database" };
  return running === null
    ? { tone: "good", words: "Everything is working" }
    : { tone: "busy", words: "Everything is working, and an import is running" };
}

/**
 * Standby is not shown as a problem, because it is the normal state of a second rosterd. @param {{ code: string }}
 * problem
 */
function isTrouble({ code }) {
  return code !== "standby";
}

/** @param {{ tone: Tone, words: string }} verdict */
function verdict({ tone, words }) {
  return h("p", { class: "under", id: "verdict" }, badge(tone, words));
}

/** @param {Pick<StatusDocument, "holds" | "open_holds">} status */
function holds({ holds, open_holds }) {
  if (open_holds === 0) return null;
  const lines = holds.map(({ id, kind, feed, file, users }) =>
    h(
      "li",
      { class: "hold" },
      h(
        "p",
        null,
        kind === "changes" ? "The file " : "The import of ",
        data(feedPath({ feed, file })),
        kind === "changes"
          ? [" is ", h("strong", null, "held as a whole"), " for review. No record is applied until you decide."]
          : [
            " holds ",
            h("strong", null, counted(users, "user")),
            " for review. These users keep access until you decide.",
          ],
      ),
      h("a", { class: "button primary", href: `#/imports/${id}` }, "Review and decide"),
    )
  );
  const more = open_holds - holds.length;
  return notice(
    "attention",
    h("ul", { class: "holds" }, lines),
    more > 0 &&
      h(
        "p",
        null,
        "And ",
        counted(more, "more import holds", "more imports hold"),
        " users for review: ",
        h("a", { href: "#/imports?status=held" }, "show all"),
        ".",
      ),
  );
}

/** Shorter texts that replace the problem's own. @type {Record<string, string>} */
const WORDS = { mail_not_configured: "Mail is not set up, so no email is sent." };

/** The remedy for a problem, if the text of the problem does not include it. @type {Record<string, Child>} */
const REMEDIES = {
  database: "Start the database, or correct DATABASE_URL. rosterd keeps retrying, and no file is lost.",
  mail_not_configured: [
    "Failed records are available only in the bak folder and on this page. ",
    h("a", { href: "#/settings/mail" }, "Set up mail"),
  ],
  no_archive_guard: h("a", { href: "#/settings/archiving" }, "Review the archive guard"),
};

/** @param {Pick<StatusDocument, "problems" | "folder" | "settings" | "mail">} status */
function problems({ problems, folder, settings, mail }) {
  const lines = problems.filter(isTrouble).map(({ code, text }) => {
    const more = code === "settings"
      ? settings.text
      : REMEDIES[code] === undefined && !folder.usable
      ? folder.text
      : undefined;
    return problem(
      WORDS[code] ?? more ?? text,
      REMEDIES[code] ??
        (code === "settings" ? "Correct the settings file by hand. Until then, nothing is imported." : null),
    );
  });
  if (mail.problem !== undefined) {
    lines.push(
      problem(`Mail cannot be sent: ${mail.problem}`, h("a", { href: "#/settings/mail" }, "Review the mail settings")),
    );
  }
  if (lines.length === 0) return null;
  return notice("attention", h("ul", { class: "lines" }, lines));
}

/** @param {string} text @param {Child} remedy */
function problem(text, remedy) {
  return h("li", null, sentence(shown(text)), " ", remedy);
}

/** @typedef {{ imports: ImportEntry[], folder: string | null } | { why: string }} Last */

/** @param {Last} last */
function lastImports(last) {
  if ("why" in last) return empty("Recent imports cannot be shown right now.", h("p", null, last.why));
  const { imports, folder } = last;
  if (imports.length > 0) {
    return [
      importTable(imports, "Recent imports"),
      h("p", { class: "more" }, h("a", { href: "#/imports" }, "All imports")),
    ];
  }
  return empty(
    "No imports yet.",
    h(
      "p",
      null,
      "Drop a roster into ",
      folder === null ? "the upload folder" : h("code", null, data(folder)),
      ". It is imported at the next scan.",
    ),
    h(
      "p",
      null,
      h("a", { href: "assets/sample-roster.csv", download: "sample-roster.csv" }, "Download a sample roster"),
      ", or ",
      h("a", { href: "#/check" }, "check a file"),
      " to see the result of an import.",
    ),
  );
}

/** @param {Page} page */
function lookNow(page) {
  const look = async () => {
    await page.api.post("imports");
    page.announce("rosterd is scanning the folder");
    await page.live.expectWork();
  };
  return asking("Scan folder now", look, { id: "look-now", class: "look-now" });
}

/** @param {Pick<StatusDocument, "waiting" | "waiting_count" | "ignored" | "ignored_count">} status */
function files({ waiting, waiting_count, ignored, ignored_count }) {
  if (waiting.length + ignored.length === 0) return null;
  const columns = [{ heading: "File" }, { heading: "Reason", kind: "wide" }];
  const rows = waiting.map(({ name, text }) => [data(name), sentence(shown(text.replace(/^waiting: /, "")))]);
  return section(
    "waiting",
    "Files not imported",
    waiting.length > 0 && table("Files waiting in the upload folder", columns, rows),
    more(waiting_count - waiting.length, "more file is waiting.", "more files are waiting."),
    ignored.length > 0 && h(
      "div",
      { class: "ignored" },
      h(
        "p",
        { class: "faint" },
        "Ignored because of their file extension. Rosters end in .csv, .tsv or .txt, plain or compressed (.gz):",
      ),
      h("ul", { class: "names" }, ignored.map((name) => h("li", null, data(name)))),
      more(ignored_count - ignored.length, "more file is ignored.", "more files are ignored."),
    ),
  );
}

/**
 * A sentence with the number of further files.
 * @param {number} count
 * @param {string} one
 * @param {string} many
 */
function more(count, one, many) {
  return count > 0 && h("p", { class: "faint" }, `… and ${counted(count, one, many)}`);
}
