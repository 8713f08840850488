/** The three decisions about an import. Each is confirmed after saying what will happen, and answers with what did. */
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { data, notice, table } from "./parts.js";
import { counted, number, shown } from "./words.js";

/** @typedef {import("../../../domain/decision.ts").Approved} Approved */
/** @typedef {import("../../../domain/decision.ts").Discarded} Discarded */
/** @typedef {import("../../../domain/decision.ts").Undone} Undone */
/** @typedef {import("../../../domain/decision.ts").HeldUser} HeldUser */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {{ left_out: readonly { unique_id: string, reason: string }[], left_out_total: number }} Leaving */

/** Beyond so many held users the dialog does not count permits one by one. */
const MOST_COUNTED = 10_000;

/** @param {ImportEntry} entry @param {number} users @param {Page} page */
export async function approve(entry, users, page) {
  const foreseen = await foresee(entry.id, users, page).catch(() => null);
  const result = await confirm({
    heading: `Approve what import ${entry.id} held?`,
    what: [
      foreseen === null
        ? h("p", null, h("strong", null, counted(users, "user")), " will lose access.")
        : losses(foreseen),
      h("p", null, "Users of whom a later import said otherwise are left as they are, and listed afterwards."),
      h("p", null, "It can be taken back by undoing the import, as long as no later import changed anything."),
    ],
    yes: `Approve: ${counted(users, "user loses", "users lose")} access`,
    busy: "Approving …",
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
    heading: `Discard what import ${entry.id} held?`,
    what: [
      h(
        "p",
        null,
        h("strong", null, counted(users, "user keeps", "users keep")),
        " access and permits. Nothing of what was held happens.",
      ),
      h(
        "p",
        null,
        "The rest of the import stays applied. The next roster is weighed anew: if it says the same, it is held again.",
      ),
    ],
    yes: `Discard: ${counted(users, "user keeps", "users keep")} access`,
    busy: "Discarding …",
    work: () => /** @type {Promise<Discarded>} */ (page.api.post(`imports/${entry.id}/discard`)),
  });
  if (result === null) return null;
  return told(`Discarded: ${counted(result.discarded, "user keeps", "users keep")} access.`, result);
}

/** @param {ImportEntry} entry @param {Page} page */
export async function undo(entry, page) {
  const result = await confirm({
    heading: `Undo import ${entry.id}?`,
    what: [
      h("p", null, "Everything that ", h("strong", null, data(entry.file)), " changed goes back:"),
      h("ul", null, goesBack(entry)),
    ],
    yes: "Undo the import",
    busy: "Undoing …",
    grave: true,
    work: () => /** @type {Promise<Undone>} */ (page.api.post(`imports/${entry.id}/undo`)),
  });
  if (result === null) return null;
  const { restored, archived, permits_restored, permits_released } = result;
  const words = inWords([
    [restored, counted(restored, "user was", "users were"), "put back"],
    [archived, counted(archived, "created user was", "created users were"), "archived"],
    [permits_restored, counted(permits_restored, "permit", "permits"), "came back"],
    [permits_released, counted(permits_released, "permit was", "permits were"), "released"],
  ]);
  return told(`Undone: ${words}.`, result);
}

/** @param {ImportEntry} entry */
function goesBack(entry) {
  const { created, updated, archived, reactivated, missing_archived, permits_released, held, missing_held, hold } =
    entry;
  const values = updated + reactivated;
  const lost = archived + missing_archived;
  const still = hold?.state === "open" ? held + missing_held : 0;
  const then = hold?.state === "approved" ? held + missing_held : 0;
  return [
    created > 0 && `${counted(created, "user")} it created will be archived, with their permits released`,
    values > 0 &&
    `${
      counted(values, "user")
    } it updated or reactivated will get their former values back, but for values that were changed since`,
    lost > 0 && `${counted(lost, "user")} it archived will be active again`,
    then > 0 && `of ${counted(then, "held user")} those whom the approval took access from will get it back`,
    (permits_released > 0 || then > 0) &&
    "the permits it released come back, unless another active permit has the number by now",
    still > 0 && `${counted(still, "user")} it still holds will be discarded: they keep access`,
    "what cannot go back stays as it is, and is listed afterwards",
  ].filter((line) => line !== false).map((line) => h("li", null, line));
}

/**
 * What approving will do, counted user by user.
 * @param {number} id @param {number} users @param {Page} page
 */
async function foresee(id, users, page) {
  if (users > MOST_COUNTED) return null;
  const foreseen = { archived: 0, disabled: 0, permits: 0 };
  /** @type {string | null} */
  let next = null;
  do {
    const after = next === null ? "" : `&after=${encodeURIComponent(next)}`;
    const loaded = await page.api.get(`imports/${id}/held?limit=1000${after}`, page.signal);
    for (const { effect, permits } of /** @type {HeldUser[]} */ (loaded.held)) {
      if (effect === "archive") foreseen.archived++;
      else foreseen.disabled++;
      if (effect === "archive") foreseen.permits += permits;
    }
    next = loaded.next;
  } while (next !== null);
  return foreseen;
}

/** @param {{ archived: number, disabled: number, permits: number }} foreseen */
function losses({ archived, disabled, permits }) {
  const released = permits === 0
    ? "no active permit is released"
    : `${counted(permits, "active permit is", "active permits are")} released`;
  return [
    archived > 0 &&
    h("p", null, h("strong", null, `${counted(archived, "user")} will be archived`), `, and ${released}.`),
    disabled > 0 &&
    h("p", null, h("strong", null, `${counted(disabled, "user")} will be disabled`), "; their permits stay."),
  ];
}

/**
 * "12 users were archived, 3 permits were released"
 * @param {readonly (readonly [number, string, string])[]} parts
 */
function inWords(parts) {
  const words = parts.filter(([count]) => count > 0).map(([, who, what]) => `${who} ${what}`);
  return words.length === 0 ? "nothing had to be changed" : words.join(", ");
}

/** @param {string} words @param {Leaving} leaving */
function told(words, { left_out, left_out_total }) {
  const told = notice("good", h("p", null, words));
  told.tabIndex = -1;
  if (left_out_total === 0) return told;
  const rows = left_out.map(({ unique_id, reason }) => [data(unique_id), shown(reason)]);
  const more = left_out_total > rows.length ? `; the first ${number(rows.length)} of them` : "";
  told.append(
    h("p", null, `${counted(left_out_total, "user was", "users were")} left as they are:`),
    table(`Left as they are, and why${more}`, [{ heading: "unique_id" }, { heading: "Why", kind: "wide" }], rows),
  );
  return told;
}
