/**
 * The three decisions about an import. Each decision describes its effects, asks for confirmation, and returns the
 * result.
 */
import { feedPath } from "./feed.js";
import { confirm } from "./dialog.js";
import { h, li, p } from "./dom.js";
import { firstOf } from "./paged.js";
import { button, data, done, importLink, notice } from "./parts.js";
import { counted, shown } from "./words.js";

/** @typedef {import("../../../domain/decision.ts").Approved} Approved */
/** @typedef {import("../../../domain/decision.ts").Discarded} Discarded */
/** @typedef {import("../../../domain/decision.ts").Undone} Undone */
/** @typedef {import("../../../domain/decision.ts").HeldUser} HeldUser */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {{ left_out: readonly { unique_id: string, reason: string }[], left_out_total: number }} Leaving */

/**
 * The buttons to approve and to discard.
 * @param {readonly (() => Promise<HTMLElement | null>)[]} decisions What each button does.
 * @param {Page} page @param {(result: HTMLElement) => void} onDecided
 */
export function decisionButtons([approve, discard], page, onDecided) {
  if (!page.session.mayDecide) return notice("quiet", p("Only admins can make this decision."));
  return h(
    "div",
    { class: "actions" },
    button("Approve…", deciding(approve, page, onDecided), { class: "button primary", id: "approve" }),
    button("Discard…", deciding(discard, page, onDecided), { id: "discard" }),
  );
}

/**
 * Decides when a button is pressed.
 * @param {() => Promise<HTMLElement | null>} decide @param {Page} page @param {(result: HTMLElement) => void} onDecided
 */
export function deciding(decide, page, onDecided) {
  return async () => {
    const result = await decide();
    if (result !== null) onDecided(result);
    // The decision may have been refused because another admin decided first.
    else page.live.historyChanged();
  };
}

/** If more users than this are held, the dialog shows only their number. */
const MOST_COUNTED = 10_000;

/** @param {ImportEntry} entry @param {number} users @param {Page} page */
export async function approve(entry, users, page) {
  const expected = await expectedLosses(entry.id, users, page).catch(() => null);
  const result = await confirm({
    heading: `Approve the changes held by import ${entry.id}?`,
    what: [
      expected === null ? p(h("strong", null, counted(users, "user")), " will lose access.") : losses(expected),
      p("Users whose later records say otherwise are left unchanged and listed afterwards."),
      p("You can undo the import afterwards, until a later import changes users."),
    ],
    yes: `Approve: ${counted(users, "user loses", "users lose")} access`,
    busy: "Approving…",
    grave: true,
    work: () => /** @type {Promise<Approved>} */ (page.api.post(`imports/${entry.id}/approve`)),
  });
  if (result === null) return null;
  const { archived, disabled, permits_released } = result;
  const words = inWords([
    [archived, counted(archived, "user was", "users were"), "archived"],
    [disabled, counted(disabled, "user was", "users were"), "disabled"],
    [permits_released, counted(permits_released, "permit was", "permits were"), "released"],
  ]);
  return told(`Approved: ${words}.`, result);
}

/** @param {ImportEntry} entry @param {number} users @param {Page} page */
export async function discard(entry, users, page) {
  const result = await confirm({
    heading: `Discard the changes held by import ${entry.id}?`,
    what: [
      p(
        h("strong", null, counted(users, "user keeps", "users keep")),
        " access and permits. The held changes are dropped.",
      ),
      p("The rest of the import stays applied. If the next roster says the same, its changes are held again."),
    ],
    yes: `Discard: ${counted(users, "user keeps", "users keep")} access`,
    busy: "Discarding…",
    work: () => /** @type {Promise<Discarded>} */ (page.api.post(`imports/${entry.id}/discard`)),
  });
  if (result === null) return null;
  return told(`Discarded: ${counted(result.discarded, "user keeps", "users keep")} access.`, result);
}

/** @param {ImportEntry} entry @param {Page} page */
export async function approveFile({ id }, page) {
  const result = await confirm({
    heading: `Approve the file held by import ${id}?`,
    what: [
      p("The file is applied from bak, as a new import, with the current users and settings."),
      p("You can undo the new import afterwards, until a later import changes users."),
    ],
    yes: "Approve: apply the file",
    busy: "Applying the file…",
    grave: true,
    work: () => /** @type {Promise<Approved>} */ (page.api.post(`imports/${id}/approve`)),
  });
  if (result === null || result.applied === undefined) return null;
  return done(["Approved: the file was applied as ", importLink(result.applied.import), "."]);
}

/** @param {ImportEntry} entry @param {Page} page */
export async function discardFile({ id }, page) {
  const result = await confirm({
    heading: `Discard the file held by import ${id}?`,
    what: [p("The file is not applied. The next roster is checked separately.")],
    yes: "Discard the file",
    busy: "Discarding…",
    work: () => /** @type {Promise<Discarded>} */ (page.api.post(`imports/${id}/discard`)),
  });
  return result === null ? null : told("Discarded: the file was not applied.", result);
}

/** @param {ImportEntry} entry @param {Page} page */
export async function undo(entry, page) {
  const result = await confirm({
    heading: `Undo import ${entry.id}?`,
    what: [
      p("This reverses what ", h("strong", null, data(feedPath(entry))), " changed:"),
      h("ul", null, goesBack(entry)),
    ],
    yes: "Undo import",
    busy: "Undoing…",
    grave: true,
    work: () => /** @type {Promise<Undone>} */ (page.api.post(`imports/${entry.id}/undo`)),
  });
  if (result === null) return null;
  const { restored, archived, permits_restored, permits_released } = result;
  const words = inWords([
    [restored, counted(restored, "user was", "users were"), "restored"],
    [archived, counted(archived, "created user was", "created users were"), "archived"],
    [permits_restored, counted(permits_restored, "permit was", "permits were"), "restored"],
    [permits_released, counted(permits_released, "permit was", "permits were"), "released"],
  ]);
  return told(`Undone: ${words}.`, result);
}

/** @param {ImportEntry} entry */
function goesBack(entry) {
  const { created, updated, archived, reactivated, missing_archived, permits_released, held, missing_held, hold } =
    entry;
  const { renamed, merged } = entry;
  const values = updated + reactivated;
  const lost = archived + missing_archived;
  const still = hold?.state === "open" ? held + missing_held : 0;
  const then = hold?.state === "approved" ? held + missing_held : 0;
  return [
    created > 0 && `${counted(created, "user")} it created will be archived, and their permits released`,
    values > 0 &&
    `${
      counted(values, "user")
    } it updated or reactivated will get their previous values back, except values changed since`,
    renamed > 0 && `the renaming of ${counted(renamed, "user")} will be reversed, unless another user has the old id`,
    merged > 0 &&
    `${
      counted(merged, "user")
    } it merged into another will be restored, and the permits that were moved will move back`,
    lost > 0 && `${counted(lost, "user")} it archived will be active again`,
    then > 0 && `held users who lost access through the approval (of ${counted(then, "user")}) will regain access`,
    (permits_released > 0 || then > 0) &&
    "the permits it released will be restored, unless another active permit now has the same number",
    still > 0 && `${counted(still, "user")} it still holds will keep access, and the hold will be discarded`,
    "changes that cannot be reversed are listed afterwards",
  ].filter((line) => line !== false).map((line) => li(line));
}

/**
 * Counts the effects of an approval, user by user. Returns null if there are too many users.
 * @param {number} id @param {number} users @param {Page} page
 */
async function expectedLosses(id, users, page) {
  if (users > MOST_COUNTED) return null;
  const expected = { archived: 0, disabled: 0, permits: 0 };
  /** @type {string | null} */
  let next = null;
  do {
    const after = next === null ? "" : `&after=${encodeURIComponent(next)}`;
    const loaded = await page.api.get(`imports/${id}/held?limit=1000${after}`, page.signal);
    for (const { effect, permits } of /** @type {HeldUser[]} */ (loaded.held)) {
      if (effect === "archive") expected.archived++;
      else expected.disabled++;
      if (effect === "archive") expected.permits += permits;
    }
    next = loaded.next;
  } while (next !== null);
  return expected;
}

/** @param {{ archived: number, disabled: number, permits: number }} expected */
function losses({ archived, disabled, permits }) {
  const released = permits === 0
    ? "no active permits will be released"
    : `${counted(permits, "active permit")} will be released`;
  return [
    archived > 0 &&
    p(h("strong", null, `${counted(archived, "user")} will be archived`), `, and ${released}.`),
    disabled > 0 &&
    p(h("strong", null, `${counted(disabled, "user")} will be disabled`), "; they keep their permits."),
  ];
}

/**
 * "12 users were archived, 3 permits were released"
 * @param {readonly (readonly [number, string, string])[]} parts
 */
function inWords(parts) {
  const words = parts.filter(([count]) => count > 0).map(([, who, what]) => `${who} ${what}`);
  return words.length === 0 ? "nothing needed to change" : words.join(", ");
}

/** @param {string} words @param {Leaving} leaving */
function told(words, { left_out, left_out_total }) {
  const list = left_out_total > 0 && firstOf({
    items: left_out,
    total: left_out_total,
    heading: `${counted(left_out_total, "user was", "users were")} left unchanged:`,
    what: "users left unchanged",
    caption: "Users left unchanged, with reasons",
    columns: [{ heading: "unique_id" }, { heading: "Reason", kind: "wide" }],
    row: ({ unique_id, reason }) => [data(unique_id), shown(reason)],
  });
  return done(words, list);
}
