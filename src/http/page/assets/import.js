/** The view of one import: result, failures, held users and undo. */
import { figures } from "./counts.js";
import { undo } from "./decide.js";
import { h, putInto, Slot } from "./dom.js";
import { failuresSection } from "./failures.js";
import { heldSection } from "./held.js";
import { button, data, facts, moment, notice, section, statusBadge } from "./parts.js";
import { progress } from "./progress.js";
import { feedPath, settingsOf } from "./feed.js";
import { changesLink } from "./route.js";
import { usedSettings } from "./used_settings.js";
import {
  allFailed,
  COUNT_WORDS,
  decidedInWords,
  DELIMITER_WORDS,
  duration,
  MAIL_WORDS,
  number,
  sentence,
  shown,
  size,
} from "./words.js";

/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./route.js").Route} Route */

/** @param {Page} page @param {Route} route */
export async function importView(page, route) {
  const id = Number(route.rest);
  /** @type {HTMLElement[]} The results of the decisions made in this view, which stay on the page. */
  const decided = [];
  const content = h("div", { class: "stack" });
  /** @type {HTMLElement | null} The latest result, until it is on the page. */
  let unread = null;
  let shownNow = "";
  const entry = await load();
  /** Loads run one after another, because two at the same time would move the focus away from the result. */
  let loading = Promise.resolve(entry);

  page.live.onHistory(() => void reload().catch(() => {}), page.signal);
  return { title: `Import ${id}: ${shown(feedPath(entry))}`, content };

  function reload() {
    loading = loading.then(load, load);
    return loading;
  }

  async function load() {
    /** @type {ImportEntry} */
    const entry = await page.api.get(`imports/${id}`, page.signal);
    const key = JSON.stringify([entry, decided.length]);
    if (key === shownNow) return entry;
    const [first, ...others] = await build(entry, page, tell);
    shownNow = key;
    putInto(content, () => [first, h("div", { class: "stack", id: "decided" }, decided), others]);
    if (unread !== null) {
      unread.focus({ preventScroll: true });
      unread.scrollIntoView({ block: "nearest" });
      unread = null;
    }
    return entry;
  }

  /** Moves the focus to the result, because the button that had the focus is gone. @param {HTMLElement} result */
  function tell(result) {
    decided.push(result);
    unread = result;
    page.live.historyChanged();
  }
}

/** @param {ImportEntry} entry @param {Page} page @param {(result: HTMLElement) => void} onDecided */
async function build(entry, page, onDecided) {
  const [now, held, failures, way] = await Promise.all([
    page.api.get("settings", page.signal).catch(() => null),
    heldSection(entry, page, onDecided),
    entry.failed > 0 ? failuresSection(entry, page) : null,
    wayBack(entry, page, onDecided),
  ]);
  return [
    head(entry),
    entry.status === "running" ? running(entry, page) : null,
    verdict(entry),
    isCounted(entry) ? counts(entry, page) : null,
    held,
    failures,
    warnings(entry),
    section(
      "file",
      "File",
      about(entry),
      usedSettings(entry.settings, now === null ? null : settingsOf(now, entry.feed)),
    ),
    way,
  ].filter((part) => part !== null);
}

/** @param {ImportEntry} entry */
function isCounted({ status }) {
  return status === "done" || status === "failed_records" || status === "held" || status === "checked";
}

/** @param {ImportEntry} entry @param {Page} page */
function counts(entry, page) {
  const linkOf = page.session.isClerk ? (/** @type {string} */ outcome) => changesLink(entry.id, outcome) : undefined;
  return section("counts", "Records", figures(entry, linkOf));
}

/** @param {ImportEntry} entry */
function head(entry) {
  return h(
    "div",
    { class: "view-head" },
    h("p", { class: "crumb" }, h("a", { href: "#/imports" }, "Imports"), " / ", entry.id),
    h("h1", { tabindex: "-1" }, data(feedPath(entry))),
    h(
      "p",
      { class: "under" },
      statusBadge(entry),
      h("span", null, "started ", moment(entry.started_at)),
      approves(entry),
    ),
  );
}

/** The import that held the file until an admin approved it. @param {ImportEntry} entry */
function approves({ approves }) {
  return approves === null
    ? null
    : h("span", null, "approved from ", h("a", { href: `#/imports/${approves}` }, `import ${approves}`));
}

/** @param {ImportEntry} entry @param {Page} page */
function running(entry, page) {
  const slot = new Slot(h("div", null), progress);
  page.live.onStatus(({ running }) => slot.show(running?.id === entry.id ? running : null), page.signal);
  return slot.element;
}

/** @param {ImportEntry} entry */
function verdict(entry) {
  const { status, reason, decisions } = entry;
  const failure = allFailed(entry) &&
    notice("bad", h("p", null, h("strong", null, "All records failed. No record was applied.")));
  if (status === "checked") {
    const trial = h("strong", null, "This was a trial: no record was applied.");
    return [failure, notice("quiet", h("p", null, trial, " The counts show what an import would have done."))];
  }
  if (reason === null) return [failure, decisions.length > 0 && notice("quiet", decisions.map(decisionLine))];
  const line = reason.line === null || reason.text.includes(`line ${reason.line}`)
    ? ""
    : ` (line ${number(reason.line)})`;
  const [what, next] = status === "rejected"
    ? ["The file was rejected. No record was applied.", "Correct the roster and upload it again."]
    : status === "error"
    ? [
      "The file could not be imported. No record was applied.",
      "If the file is still in the upload folder, rosterd retries it on every scan.",
    ]
    : ["", ""];
  return notice(
    "bad",
    h("p", null, h("strong", null, what)),
    h("p", null, "Reason: ", shown(reason.text), `${line}.`),
    h("p", null, next),
  );
}

/**
 * Shows a decision: its kind, the admin, the time and the result. @param {ImportEntry["decisions"][number]} decision
 */
function decisionLine({ what, at, by, counts }) {
  const past = `${what[0].toUpperCase()}${what.slice(1)}`;
  return h("p", null, `${past} by ${shown(by)} on `, moment(at), `: ${decidedInWords(counts)}.`);
}

/** All warnings except warnings about a hold, which has a separate section. @param {ImportEntry} entry */
function warnings(entry) {
  const told = entry.warnings.filter(({ code }) => code !== "archivings_held" && code !== "changes_held");
  if (told.length === 0) return null;
  return section(
    "warnings",
    "Warnings",
    h("ul", { class: "lines" }, told.map(({ text }) => h("li", null, sentence(shown(text))))),
  );
}

/** @param {ImportEntry} entry */
function about(entry) {
  const { bytes, encoding, delimiter, sha256, bak_file, failed_file, started_at, finished_at, uploaded_by } = entry;
  const file = [
    encoding ?? "",
    delimiter === null ? "" : `separated by ${DELIMITER_WORDS[delimiter] ?? delimiter}`,
  ];
  const read = file.filter((part) => part !== "").join(", ");
  /** @type {[string, import("./dom.js").Child][]} */
  const known = [
    ["Size", bytes === null ? null : size(bytes)],
    ["Read as", read],
    ["Duration", finished_at === null ? null : duration(started_at, finished_at)],
    ["Uploaded by", uploaded_by === null ? null : data(uploaded_by)],
    ["Name in bak", bak_file === null ? null : data(bak_file)],
    ["Failed-records file", failed_file === null ? null : data(failed_file)],
    ["Mail", entry.status === "running" ? null : MAIL_WORDS[entry.mail]],
    [COUNT_WORDS.permits_released, isCounted(entry) ? number(entry.permits_released) : null],
    ["SHA-256", sha256 === null ? null : h("code", { class: "hash" }, sha256)],
  ];
  return facts(known.filter(([, value]) => value !== null && value !== ""));
}

/** @param {ImportEntry} entry */
function changedSomething({ created, updated, archived, reactivated, missing_archived, renamed, merged, hold }) {
  return created + updated + archived + reactivated + missing_archived + renamed + merged > 0 ||
    (hold?.kind === "access" && hold.state === "approved");
}

/**
 * The undo button, or the reason why undo is not possible. The service makes the final check.
 * @param {ImportEntry} entry @param {Page} page @param {(result: HTMLElement) => void} onDecided
 */
async function wayBack(entry, page, onDecided) {
  if (!isCounted(entry) || entry.undone_at !== null || entry.hold?.kind === "changes") return null;
  const why = page.session.mayDecide ? await whyNot(entry, page) : "Only admins can undo imports.";
  const onclick = async () => {
    const result = await undo(entry, page);
    if (result !== null) onDecided(result);
    else page.live.historyChanged();
  };
  return section(
    "undo",
    "Undo",
    why === null
      ? [
        h(
          "p",
          { class: "lead" },
          "If this roster was a mistake, restore every value that the import changed.",
        ),
        h("div", { class: "actions" }, button("Undo this import…", onclick, { id: "undo-button" })),
      ]
      : h("p", { class: "faint" }, why),
  );
}

/** @param {ImportEntry} entry @param {Page} page @returns {Promise<import("./dom.js").Child>} */
async function whyNot(entry, page) {
  if (!changedSomething(entry)) return "This import did not change any users, so it cannot be undone.";
  /** @type {{ imports: ImportEntry[] }} */
  const { imports } = await page.api.get("imports?limit=200", page.signal).catch(() => ({ imports: [] }));
  const later = imports.find((other) => other.id > entry.id && other.undone_at === null && changedSomething(other));
  if (later === undefined) return null;
  return [
    "Only the latest import can be undone: ",
    h("a", { href: `#/imports/${later.id}` }, `import ${later.id}`),
    " has made changes since.",
  ];
}
