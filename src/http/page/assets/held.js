/** Shows the users that the archive guard held, the reason for the hold, and the buttons to decide. */
import { approve, discard } from "./decide.js";
import { h } from "./dom.js";
import { heldFileSection } from "./held_file.js";
import { paged } from "./paged.js";
import { button, data, moment, notice, section, table } from "./parts.js";
import { counted, fullName, number, shown } from "./words.js";

/** @typedef {import("../../../domain/decision.ts").HeldUser} HeldUser */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */

const ON_A_PAGE = 100;

/**
 * The section of an import that held users.
 * @param {ImportEntry} entry
 * @param {Page} page
 * @param {(result: HTMLElement) => void} onDecided
 */
export async function heldSection(entry, page, onDecided) {
  const { hold } = entry;
  if (hold === null) return null;
  if (hold.kind === "changes") return await heldFileSection(entry, hold, page, onDecided);
  const users = entry.held + entry.missing_held;
  const isOpen = hold.state === "open";
  const heading = isOpen
    ? `${counted(users, "user is", "users are")} held for review`
    : `${counted(users, "user was", "users were")} held for review`;
  return section(
    "held",
    heading,
    why(entry, users),
    isOpen ? decisions(entry, users, page, onDecided) : null,
    await who(entry, page),
  );
}

/** @param {ImportEntry} entry @param {number} users */
function why({ hold }, users) {
  if (hold === null) return null;
  const reason = h("p", null, h("strong", null, "Reason: "), shown(hold.reason), ".");
  if (hold.state === "open") {
    const they = users === 1 ? "the user keeps" : "all of them keep";
    return notice(
      "attention",
      h("p", null, `The archive guard held changes that would take away access. Until you decide, ${they} access.`),
      reason,
    );
  }
  const decided = hold.state === "approved" ? "Approved" : "Discarded";
  return notice(
    "quiet",
    h("p", null, decided, hold.ended_at === null ? "." : [" on ", moment(hold.ended_at), "."]),
    reason,
  );
}

/** @param {ImportEntry} entry @param {number} users @param {Page} page @param {(result: HTMLElement) => void} onDecided */
function decisions(entry, users, page, onDecided) {
  if (!page.session.mayDecide) return notice("quiet", h("p", null, "Only admins can approve or discard."));
  /** @param {typeof approve | typeof discard} decide */
  const decided = (decide) => async () => {
    const result = await decide(entry, users, page);
    if (result !== null) onDecided(result);
    // The service may have refused the decision because another admin decided first.
    else page.live.historyChanged();
  };
  return h(
    "div",
    { class: "actions" },
    button("Approve…", decided(approve), { class: "button primary", id: "approve" }),
    button("Discard…", decided(discard), { id: "discard" }),
  );
}

/** @param {ImportEntry} entry @param {Page} page */
async function who({ id, hold }, page) {
  if (!page.session.isClerk) return notice("quiet", h("p", null, "Only clerks and admins can view held users."));
  const isOpen = hold?.state === "open";
  return await paged({
    what: "held users",
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
        : heldTable(users, isOpen),
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
  return table("Held users, by unique_id", columns, users.map(row), "held");
}

/** @param {HeldUser} user */
function row({ unique_id, first_name, last_name, user_name, email, login_source, line, effect, outcome, permits }) {
  const name = fullName({ first_name, last_name }) || user_name || email;
  const released = effect === "archive" && permits > 0 ? `, ${counted(permits, "permit")} released` : "";
  return [
    data(unique_id),
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
