/** The view of one import: result, failures, held users and undo. */
import { figures } from "./counts.js";
import { deciding, undo } from "./decide.js";
import { h, li, link, p, putInto, Slot } from "./dom.js";
import { failuresSection } from "./failures.js";
import { heldSection } from "./held.js";
import { downloadLink } from "./download.js";
import { button, data, facts, importLink, moment, notice, section, statusBadge, viewHead } from "./parts.js";
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
  /** Loads run one after another, because two simultaneous loads would move the focus away from the result. */
  let loading = Promise.resolve(entry);

  page.live.onHistory(() => void reload().catch(() => {}), page.signal);
  const part = route.query.get("part") ?? "";
  return {
    title: `Import ${id}: ${shown(feedPath(entry))}`,
    content,
    shown: () => document.getElementById(part)?.scrollIntoView(),
  };

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
      about(entry, page),
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
  // No part of a held file was applied.
  const isLinked = page.session.isClerk && entry.hold?.kind !== "changes";
  const linkOf = isLinked ? (/** @type {string} */ outcome) => changesLink(entry.id, outcome) : undefined;
  return section("counts", "Records", figures(entry, linkOf));
}

/** @param {ImportEntry} entry */
function head(entry) {
  const began = h("span", null, "started ", moment(entry.started_at));
  return viewHead(
    [link("#/imports", "Imports"), " / ", entry.id],
    data(feedPath(entry)),
    h("p", { class: "under" }, statusBadge(entry), began, approves(entry)),
  );
}

/** The import that held the file until an admin approved it. @param {ImportEntry} entry */
function approves({ approves }) {
  return approves === null ? null : h("span", null, "approved from ", importLink(approves));
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
    notice("bad", p(h("strong", null, "All records failed. No records were applied.")));
  if (status === "checked") {
    const trial = h("strong", null, "This was a trial: no records were applied.");
    return [failure, notice("quiet", p(trial, " The counts show what an import would have done."))];
  }
  if (reason === null) return [failure, decisions.length > 0 && notice("quiet", decisions.map(decisionLine))];
  const line = reason.line === null || reason.text.includes(`line ${reason.line}`)
    ? ""
    : ` (line ${number(reason.line)})`;
  const [what, next] = status === "rejected"
    ? ["The file was rejected. No records were applied.", "Correct the roster and upload it again."]
    : status === "error"
    ? [
      "The file could not be imported. No records were applied.",
      "If the file is still in the upload folder, rosterd retries it on every scan.",
    ]
    : ["", ""];
  return notice(
    "bad",
    p(h("strong", null, what)),
    p("Reason: ", shown(reason.text), `${line}.`),
    p(next),
  );
}

/**
 * Shows a decision: its kind, the admin, the time and the result. @param {ImportEntry["decisions"][number]} decision
 */
function decisionLine({ what, at, by, counts }) {
  const past = `${what[0].toUpperCase()}${what.slice(1)}`;
  return p(`${past} by ${shown(by)} on `, moment(at), `: ${decidedInWords(counts)}.`);
}

/** All warnings except those about a hold, which have their own section. @param {ImportEntry} entry */
function warnings(entry) {
  const told = entry.warnings.filter(({ code }) => code !== "archivings_held" && code !== "changes_held");
  if (told.length === 0) return null;
  return section(
    "warnings",
    "Warnings",
    h("ul", { class: "lines" }, told.map(({ text }) => li(sentence(shown(text))))),
  );
}

/** @param {ImportEntry} entry @param {Page} page */
function about(entry, page) {
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
    ["File in bak", bak_file === null ? null : downloadLink(bak_file, `imports/${entry.id}/file`, page)],
    ["Failed records", failed_file === null ? null : downloadLink(failed_file, `imports/${entry.id}/failed.csv`, page)],
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
  const onclick = deciding(() => undo(entry, page), page, onDecided);
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
    importLink(later.id),
    " has made changes since then.",
  ];
}
