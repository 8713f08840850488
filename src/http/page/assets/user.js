/** The view of one person: state, permits, holds, the last failure, and the changes made by imports, newest first. */
import { changedValues } from "./change_table.js";
import { h, li, p } from "./dom.js";
import { eraseSection } from "./erase.js";
import { failureTable } from "./failures.js";
import { feedPath, feedWord } from "./feed.js";
import { folded } from "./paged.js";
import { badge, data, empty, facts, importLink, moment, notice, section, viewHead } from "./parts.js";
import { capital, fullName, shown } from "./words.js";

/** @typedef {import("../../../domain/user.ts").User} User */
/** @typedef {import("../../../domain/user.ts").HistoryEntry} HistoryEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */

const TONES = /** @type {const} */ ({ active: "good", disabled: "attention", archived: "quiet" });

/** @param {Page} page @param {string} id */
export async function userView(page, id) {
  /** @type {User} */
  const user = await page.api.get(`users/${encodeURIComponent(id)}`, page.signal);
  const { values, feeds, permits, holds, last_failure } = user;
  const name = fullName({ first_name: values.first_name, last_name: values.last_name });
  /** @type {[string, Child][]} */
  const known = Object.entries(values).filter(([, value]) => value !== null)
    .map(([column, value]) => [column, data(value ?? "")]);
  const content = h(
    "div",
    { class: "stack" },
    head(user, name),
    holds.map(held),
    timeLine(user),
    section("permits", "Permits", permits.length === 0 ? h("p", { class: "faint" }, "No permits.") : permitList(user)),
    Object.keys(feeds).length > 0 &&
      section("feeds", "Feeds", facts(Object.entries(feeds).map(([feed, says]) => [feedWord(feed), capital(says)]))),
    last_failure !== null && section(
      "last-failure",
      "Last failure",
      h("p", { class: "lead" }, ofImport(last_failure), last_failure.at !== null && [", ", moment(last_failure.at)]),
      failureTable([{ ...last_failure, unique_id: id }], "The user's most recent failed record"),
    ),
    section("values", "Values", facts(known)),
    eraseSection(user, page, onErased),
  );
  return { title: `User ${shown(id)}`, content };

  /** @param {HTMLElement} result */
  function onErased(result) {
    const heading = h("h1", { tabindex: "-1" }, "Person erased");
    // The user is identified by the unique_id in the address.
    history.replaceState(null, "", "#/");
    content.replaceChildren(heading, result);
    heading.focus();
  }
}

/** @param {User} user @param {string} name */
function head({ unique_id, state, archived_at, inactive_since }, name) {
  return viewHead(
    ["Users / ", data(unique_id)],
    data(name === "" ? unique_id : name),
    h(
      "p",
      { class: "under" },
      badge(TONES[state], capital(state)),
      archived_at !== null && h("span", null, "since ", moment(archived_at)),
      inactive_since !== null && h("span", null, "since ", moment(inactive_since), ", and waiting to be archived"),
    ),
  );
}

/** @param {{ import: number, feed: string, file: string }} of */
function ofImport(of) {
  return [importLink(of.import), ", ", data(feedPath(of))];
}

/** @param {User["holds"][number]} hold */
function held(hold) {
  const effect = hold.effect === "archive" ? "archive" : "disable";
  return notice(
    "attention",
    p(`Approving the held change would ${effect} this user: `, ofImport(hold), ". Until then, the user keeps access."),
  );
}

/** @param {User} user */
function permitList({ permits }) {
  return h(
    "ul",
    { class: "lines" },
    permits.map(({ permit_no, status, released_at, released_by_import }) =>
      li(
        permit_no === null ? h("span", { class: "faint" }, "no number") : data(permit_no),
        `: ${status}`,
        released_by_import !== null && [" by ", importLink(released_by_import)],
        released_at !== null && [" on ", moment(released_at)],
      )
    ),
  );
}

/** @param {User} user */
function timeLine({ history, cleared_until }) {
  return section(
    "history",
    "Changes made by imports",
    h("p", { class: "lead" }, "Newest first. Changes made by other programs are not included."),
    history.length === 0 ? empty("No import has changed this user.") : folded({
      items: history,
      what: "changes",
      show: (/** @type {readonly HistoryEntry[]} */ entries) => h("ol", { class: "time-line" }, entries.map(happened)),
    }),
    cleared_until !== null &&
      h("p", { class: "faint" }, "History up to ", moment(cleared_until), " was cleared."),
  );
}

/** @param {HistoryEntry} entry */
function happened(entry) {
  const { at, outcome, decisions, undone_at } = entry;
  return h(
    "li",
    { class: undone_at === null ? "" : "undone" },
    p(at === null ? "" : [moment(at), ", "], ofImport(entry), ": ", h("strong", null, outcome)),
    changedValues(entry),
    decisions.map(({ what, at, by }) => p(`${capital(what)} by `, data(by), ", ", moment(at))),
  );
}
