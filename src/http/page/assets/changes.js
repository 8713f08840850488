/** The view of an import's changes: the users by outcome, with each value before and after the change. */
import { changeTable } from "./change_table.js";
import { downloadButton } from "./download.js";
import { h, link, p } from "./dom.js";
import { feedPath } from "./feed.js";
import { paged } from "./paged.js";
import { data, empty, filter, moment, notice, userLink, viewHead } from "./parts.js";
import { changesLink } from "./route.js";
import { capital } from "./words.js";

/** @typedef {import("../../../domain/outcome.ts").ChangePage} ChangePage */
/** @typedef {import("../../../domain/outcome.ts").ImportChange} ImportChange */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./route.js").Route} Route */

const ON_A_PAGE = 100;

const OUTCOMES = ["created", "updated", "reactivated", "archived", "held"];

/** @param {Page} page @param {Route} route */
export async function changesView(page, { rest, query }) {
  const id = Number.parseInt(rest);
  const outcome = query.get("outcome");
  /** @type {ImportEntry} */
  const entry = await page.api.get(`imports/${id}`, page.signal);
  const title = entry.status === "checked"
    ? `Changes that import ${id} would have made`
    : `Changes made by import ${id}`;
  const head = viewHead(
    [link("#/imports", "Imports"), " / ", link(`#/imports/${id}`, String(id)), " / Changes"],
    title,
    h("p", { class: "under" }, data(feedPath(entry)), h("span", null, "started ", moment(entry.started_at))),
  );
  return { title, content: h("div", { class: "stack" }, head, await people(entry, outcome, page)) };
}

/** @param {ImportEntry} entry @param {string | null} outcome @param {Page} page */
async function people(entry, outcome, page) {
  const { id, undone_at } = entry;
  if (!page.session.isClerk) return notice("quiet", p("Only clerks and admins can view changes."));
  const chosen = outcome === null ? "" : `&outcome=${encodeURIComponent(outcome)}`;
  /** @param {string | null} cursor @returns {Promise<ChangePage>} */
  const load = (cursor) => {
    const after = cursor === null ? "" : `&after=${encodeURIComponent(cursor)}`;
    return page.api.get(`imports/${id}/changes?limit=${ON_A_PAGE}${chosen}${after}`, page.signal);
  };
  /** The first page, until it is shown. @type {ChangePage | null} */
  let first = await load(null);
  if (first.cleared_at !== null) {
    return empty(
      "Older history was cleared.",
      p("The record of this import's changes was deleted after the retention period (bak_retention_days)."),
    );
  }
  // A trial does not create any users.
  const linkOf = entry.status === "checked" ? undefined : userLink;
  return [
    undone_at !== null && notice("quiet", p("This import was undone on ", moment(undone_at), ".")),
    byOutcome(id, outcome),
    downloadButton("Download all as CSV", `imports/${id}/changes.csv`, "The changes were downloaded", page),
    await paged({
      what: "users",
      load: async (cursor) => {
        const { changes, next } = first ?? await load(cursor);
        first = null;
        return { items: changes, next };
      },
      show: (/** @type {readonly ImportChange[]} */ changes) =>
        changes.length === 0
          ? empty("No users.")
          : changeTable(changes, "Users, by unique_id, with each value before and after", linkOf),
    }),
  ];
}

/** @param {number} id @param {string | null} chosen */
function byOutcome(id, chosen) {
  return filter(
    "Users by outcome",
    [null, ...OUTCOMES].map((outcome) => ({
      href: changesLink(id, outcome),
      text: outcome === null ? "All" : capital(outcome),
      isChosen: outcome === chosen,
    })),
  );
}
