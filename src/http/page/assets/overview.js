/** Is all well? What runs, what needs a person, what waits and why, and the last imports. */
import { ApiError } from "./api.js";
import { h, Slot } from "./dom.js";
import { health } from "./health.js";
import { importTable } from "./imports.js";
import { asking, badge, data, empty, notice, section, table } from "./parts.js";
import { progress } from "./progress.js";
import { counted, sentence, shown } from "./words.js";

/** @typedef {import("../../service.ts").StatusDocument} StatusDocument */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./words.js").Tone} Tone */

const LAST = 6;

/** @param {Page} page */
export async function overview(page) {
  const last = new Slot(h("div", null), (/** @type {Last} */ loaded) => lastImports(loaded));
  /** Without them, too, the rest says how the service is: that is when it matters most. */
  async function load() {
    try {
      const { imports } = await page.api.get(`imports?limit=${LAST}`, page.signal);
      last.show({ imports, folder: page.live.status?.folder.path ?? null });
    } catch (error) {
      if (!(error instanceof ApiError && error.passes)) throw error;
      last.show({ why: error.message });
    }
  }
  await page.live.look();
  await load();
  page.live.onHistory(() => void load().catch(() => {}), page.signal);
  return {
    title: "Overview",
    content: h(
      "div",
      { class: "stack" },
      h("div", { class: "view-head" }, h("h1", { tabindex: "-1" }, "Overview"), part(page, verdictOf, verdict)),
      part(page, ({ running }) => running, progress),
      part(page, ({ holds, open_holds }) => ({ holds, open_holds }), holds),
      part(page, ({ problems, folder, settings, mail }) => ({ problems, folder, settings, mail }), problems),
      health(page),
      section("last", "Last imports", page.session.isAdmin ? lookNow(page) : null, last.element),
      part(page, ({ waiting, ignored }) => ({ waiting, ignored }), files),
    ),
  };
}

/**
 * A part that follows the status.
 * @template T
 * @param {Page} page
 * @param {(status: StatusDocument) => T} pick What of the status it shows.
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
  if (!ready) return { tone: "bad", words: "Nothing can be imported now" };
  if (open > 0) return { tone: "attention", words: `Working, with ${counted(open, "thing")} to look at` };
  if (standby) return { tone: "quiet", words: "Standing by: another rosterd imports into this database" };
  return running === null
    ? { tone: "good", words: "All is well" }
    : { tone: "busy", words: "All is well, and an import is running" };
}

/** To stand by is what a second rosterd is there for. @param {{ code: string }} problem */
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
  const lines = holds.map(({ id, file, users }) =>
    h(
      "li",
      { class: "hold" },
      h(
        "p",
        null,
        h("strong", null, counted(users, "user is", "users are"), " held"),
        " by ",
        data(file),
        ". They keep access until you decide.",
      ),
      h("a", { class: "button primary", href: `#/imports/${id}` }, "Look and decide"),
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
        " users: ",
        h("a", { href: "#/imports?status=held" }, "show all"),
        ".",
      ),
  );
}

/** In the words of this page, where the service speaks of keys. @type {Record<string, string>} */
const WORDS = { mail_not_configured: "Nobody is mailed: mail is not set up." };

/** What mends it, where the text itself does not say. @type {Record<string, Child>} */
const MENDS = {
  database: "Start the database, or mend DATABASE_URL. rosterd tries again by itself, and no file is lost meanwhile.",
  mail_not_configured: [
    "Until then failed records stand in the folder bak and on this page only. ",
    h("a", { href: "#/settings/mail" }, "Set up mail"),
  ],
  archives_without_mail: h("a", { href: "#/settings/mail" }, "Set up mail"),
  no_archive_guard: h("a", { href: "#/settings/archiving" }, "Look at the archive guard"),
};

/** @param {Pick<StatusDocument, "problems" | "folder" | "settings" | "mail">} status */
function problems({ problems, folder, settings, mail }) {
  const lines = problems.filter(isTrouble).map(({ code, text }) => {
    const more = code === "settings"
      ? settings.text
      : MENDS[code] === undefined && !folder.usable
      ? folder.text
      : undefined;
    return problem(
      WORDS[code] ?? more ?? text,
      MENDS[code] ?? (code === "settings" ? "Mend the settings file by hand; until then nothing is imported." : null),
    );
  });
  if (mail.problem !== undefined) {
    lines.push(
      problem(`Mail cannot be sent: ${mail.problem}`, h("a", { href: "#/settings/mail" }, "Look at the mail settings")),
    );
  }
  if (lines.length === 0) return null;
  return notice("attention", h("ul", { class: "lines" }, lines));
}

/** @param {string} text @param {Child} mend */
function problem(text, mend) {
  return h("li", null, sentence(shown(text)), " ", mend);
}

/** @typedef {{ imports: ImportEntry[], folder: string | null } | { why: string }} Last */

/** @param {Last} last */
function lastImports(last) {
  if ("why" in last) return empty("They cannot be shown now.", h("p", null, last.why));
  const { imports, folder } = last;
  if (imports.length > 0) {
    return [
      importTable(imports, "The last imports"),
      h("p", { class: "more" }, h("a", { href: "#/imports" }, "All imports")),
    ];
  }
  return empty(
    "Nothing was imported yet.",
    h(
      "p",
      null,
      "Drop a roster into ",
      folder === null ? "the upload folder" : h("code", null, data(folder)),
      ", and it is imported at the next turn.",
    ),
    h(
      "p",
      null,
      h("a", { href: "assets/sample-roster.csv", download: "sample-roster.csv" }, "Download a sample roster"),
      ", or ",
      h("a", { href: "#/check" }, "check a file"),
      " to see what it would do.",
    ),
  );
}

/** @param {Page} page */
function lookNow(page) {
  const look = async () => {
    await page.api.post("imports");
    page.announce("rosterd looks into the folder now");
    await page.live.expectWork();
  };
  return asking("Look into the folder now", look, { id: "look-now", class: "look-now" });
}

/** @param {Pick<StatusDocument, "waiting" | "ignored">} status */
function files({ waiting, ignored }) {
  if (waiting.length + ignored.length === 0) return null;
  const columns = [{ heading: "File" }, { heading: "Why it waits", kind: "wide" }];
  const rows = waiting.map(({ name, text }) => [data(name), sentence(shown(text.replace(/^waiting: /, "")))]);
  return section(
    "waiting",
    "In the folder, not imported",
    waiting.length > 0 && table("Files that wait", columns, rows),
    ignored.length > 0 && h(
      "div",
      { class: "ignored" },
      h(
        "p",
        { class: "faint" },
        "Left alone because of their ending; rosters end in .csv, .tsv or .txt, each also with .gz:",
      ),
      h("ul", { class: "names" }, ignored.map((name) => h("li", null, data(name)))),
    ),
  );
}
