/** Shows a file that the change guard held: the reason, the columns with examples, and the buttons to decide. */
import { value } from "./change_table.js";
import { approveFile, discardFile } from "./decide.js";
import { h } from "./dom.js";
import { button, data, moment, notice, section, table } from "./parts.js";
import { counted, number, shown } from "./words.js";

/** @typedef {import("../../../domain/decision.ts").Hold} Hold */
/** @typedef {import("../../../domain/decision.ts").HeldColumn} HeldColumn */
/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */

/**
 * The section of an import that held its whole file.
 * @param {ImportEntry} entry @param {Hold} hold @param {Page} page @param {(result: HTMLElement) => void} onDecided
 */
export async function heldFileSection(entry, hold, page, onDecided) {
  const isOpen = hold.state === "open";
  return section(
    "held",
    isOpen ? "The file is held for review" : "The file was held for review",
    why(hold),
    isOpen ? decisions(entry, page, onDecided) : null,
    page.session.isClerk
      ? heldColumns((await page.api.get(`imports/${entry.id}/held?limit=1`, page.signal)).columns)
      : notice("quiet", h("p", null, "Only clerks and admins can view the examples.")),
  );
}

/** @param {Hold} hold */
function why({ state, reason, ended_at, ended_by }) {
  const because = h("p", null, h("strong", null, "Reason: "), shown(reason), ".");
  if (state === "open") {
    return notice(
      "attention",
      h("p", null, "The change guard held the whole file. No record is applied until you decide."),
      because,
    );
  }
  const words = { approved: "Approved", discarded: "Discarded", superseded: "Superseded by a newer file" };
  return notice(
    "quiet",
    h(
      "p",
      null,
      words[state],
      ended_at === null ? "" : [" on ", moment(ended_at)],
      ended_by === null ? "" : [": see ", h("a", { href: `#/imports/${ended_by}` }, `import ${ended_by}`)],
      ".",
    ),
    because,
  );
}

/** @param {ImportEntry} entry @param {Page} page @param {(result: HTMLElement) => void} onDecided */
function decisions(entry, page, onDecided) {
  if (!page.session.mayDecide) return notice("quiet", h("p", null, "Only admins can approve or discard."));
  /** @param {typeof approveFile | typeof discardFile} decide */
  const decided = (decide) => async () => {
    const result = await decide(entry, page);
    if (result !== null) onDecided(result);
    // The service may have refused the decision because another admin decided first.
    else page.live.historyChanged();
  };
  return h(
    "div",
    { class: "actions" },
    button("Approve…", decided(approveFile), { class: "button primary", id: "approve" }),
    button("Discard…", decided(discardFile), { id: "discard" }),
  );
}

/** Each column with its first users. @param {readonly HeldColumn[]} columns */
export function heldColumns(columns) {
  return columns.map(({ column, users, known_users, examples }) => {
    const of = `${number(users)} of ${counted(known_users, "known user")}`;
    const heading = h("p", null, h("code", null, column), ` would change for ${of}:`);
    if (examples.length === 0) {
      return [heading, h("p", { class: "faint" }, "The examples were deleted after the retention period.")];
    }
    const rows = examples.map(({ unique_id, before, after }) => [data(unique_id), data(before), value(after)]);
    const headings = ["unique_id", "Before", "After"].map((heading) => ({ heading }));
    return [heading, table(`The first users whose ${column} would change`, headings, rows)];
  });
}
