/** What an import holds: the numbers above the limits, who or what is held, and the decision about the hold. */
import { value } from "./change_table.js";
import { approve, approveFile, decisionButtons, discard, discardFile } from "./decide.js";
import { h, p } from "./dom.js";
import { feedWord } from "./feed.js";
import { folded, paged } from "./paged.js";
import { data, importLink, moment, notice, section, table, userLink } from "./parts.js";
import { counted, fullName, number, percent, shown } from "./words.js";

/** @typedef {import("../../../domain/decision.ts").HeldUser} HeldUser */
/** @typedef {import("../../../domain/decision.ts").HeldColumn} HeldColumn */
/** @typedef {import("../../../domain/decision.ts").Hold} Hold */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */

const ON_A_PAGE = 100;

/**
 * The section of an import that held users or its whole file.
 * @param {ImportEntry} entry @param {Page} page @param {(result: HTMLElement) => void} onDecided
 */
export async function heldSection(entry, page, onDecided) {
  const { hold } = entry;
  if (hold === null) return null;
  const isFile = hold.kind === "changes";
  const isOpen = hold.state === "open";
  const users = entry.held + entry.missing_held;
  const [is, are] = isOpen ? ["is", "are"] : ["was", "were"];
  const deciding = isFile
    ? [() => approveFile(entry, page), () => discardFile(entry, page)]
    : [() => approve(entry, users, page), () => discard(entry, users, page)];
  return section(
    "held",
    `${isFile ? `The file ${is}` : counted(users, `user ${is}`, `users ${are}`)} held for review`,
    notice(isOpen ? "attention" : "quiet", p(isOpen ? openWords(hold, users) : endWords(hold))),
    reasons(entry, hold),
    isOpen && decisionButtons(deciding, page, onDecided),
    !page.session.isClerk
      ? notice("quiet", p("Only clerks and admins can view held users."))
      : isFile
      ? heldColumns((await page.api.get(`imports/${entry.id}/held?limit=1`, page.signal)).columns)
      : await who(entry, users, page),
  );
}

/** @param {Hold} hold @param {number} users */
function openWords({ kind }, users) {
  if (kind === "changes") return "The change guard held the whole file. No records will be applied until you decide.";
  const they = users === 1 ? "the user keeps" : "all of them keep";
  return `The archive guard held changes that would take away access. Until you decide, ${they} access.`;
}

/** @param {Hold} hold */
function endWords({ state, ended_at, ended_by }) {
  const words = { open: "", approved: "Approved", discarded: "Discarded", superseded: "Superseded by a newer file" };
  return [
    words[state],
    ended_at !== null && [" on ", moment(ended_at)],
    ended_by !== null && [": see ", importLink(ended_by)],
    ".",
  ];
}

/**
 * The numbers above the limits. Imports made by earlier versions have only the sentence. @param {ImportEntry} entry
 * @param {Hold} hold
 */
function reasons({ settings }, { kind, reason, losses, columns }) {
  const isFile = kind === "changes";
  const { max_percent, min_users } = isFile ? settings.change_guard : settings.archive_guard;
  const limit = `${percent(max_percent / 100)} and ${counted(min_users, "user")}`;
  const rows = isFile
    ? columns.map((
      { column, users, known_users },
    ) => [h("code", null, column), number(users), number(known_users), percent(users / known_users)])
    : losses.map((
      one,
    ) => [whose(one), lost(one), number(one.active), one.active === 0 ? "" : percent(one.counted / one.active)]);
  if (rows.length === 0) return p(h("strong", null, "Reason: "), shown(reason), ".");
  const headings = isFile
    ? ["Column", "Would change", "Known users"]
    : ["Login source", "Would lose access", "Active users"];
  const [first, ...others] = [...headings, "Share", "Limit"];
  const heads = [{ heading: first }, ...others.map((heading) => ({ heading, kind: "number" }))];
  return folded({
    items: rows.map((row) => [...row, limit]),
    what: "reasons",
    show: (some) => table("Why: above both limits", heads, some),
  });
}

/** @param {Hold["losses"][number]} one */
function whose({ feed, login_source }) {
  if (login_source !== null) return data(login_source);
  return feed === null ? "All together" : ["Feed: ", feedWord(feed)];
}

/** @param {Hold["losses"][number]} one */
function lost({ counted: all, losing }) {
  return all === losing ? number(all) : `${number(all)}, ${number(all - losing)} of them in the last 24 hours`;
}

/** @param {ImportEntry} entry @param {number} total @param {Page} page */
async function who({ id, hold }, total, page) {
  return await paged({
    what: "held users",
    total,
    load: async (cursor) => {
      const after = cursor === null ? "" : `&after=${encodeURIComponent(cursor)}`;
      const { held, next } = await page.api.get(`imports/${id}/held?limit=${ON_A_PAGE}${after}`, page.signal);
      return { items: held, next };
    },
    show: (/** @type {readonly HeldUser[]} */ users) =>
      users.length === 0
        ? h(
          "p",
          { class: "faint" },
          "The names of these users were deleted after the retention period (bak_retention_days).",
        )
        : heldTable(users, hold?.state === "open"),
  });
}

/** @param {readonly HeldUser[]} users @param {boolean} isOpen */
function heldTable(users, isOpen) {
  const columns = [
    { heading: "unique_id" },
    { heading: "Name", kind: "wide" },
    { heading: "Login source" },
    { heading: "In the roster" },
    { heading: isOpen ? "If approved" : "Outcome" },
  ];
  return table("Held users, by unique_id", columns, users.map(row), "people");
}

/** @param {HeldUser} user */
function row({ unique_id, first_name, last_name, user_name, email, login_source, line, effect, outcome, permits }) {
  const name = fullName({ first_name, last_name }) || user_name || email;
  const released = effect === "archive" && permits > 0 ? `, ${counted(permits, "permit")} released` : "";
  return [
    userLink(unique_id),
    name === null || name === "" ? h("span", { class: "faint" }, "no name") : data(name),
    login_source === null ? "" : data(login_source),
    line === null ? "missing" : `line ${number(line)}`,
    outcome === null
      ? `${effect === "archive" ? "archived" : "disabled"}${released}`
      : outcome === "unchanged"
      ? "left unchanged"
      : outcome,
  ];
}

/** Each column with its first users. @param {readonly HeldColumn[]} columns */
export function heldColumns(columns) {
  return columns.map(({ column, users, known_users, examples }) => {
    const of = `${number(users)} of ${counted(known_users, "known user")}`;
    const heading = p(h("code", null, column), ` would change for ${of}:`);
    if (examples.length === 0) {
      return [heading, h("p", { class: "faint" }, "The examples were deleted after the retention period.")];
    }
    const rows = examples.map(({ unique_id, before, after }) => [data(unique_id), data(before), value(after)]);
    const headings = ["unique_id", "Before", "After"].map((heading) => ({ heading }));
    return [heading, table(`The first users whose ${column} would change`, headings, rows)];
  });
}
