/**
 * Erases a person: explains which data is deleted and which stays, asks for confirmation, and lists the files that may
 * still name the person.
 */
import { confirm } from "./dialog.js";
import { h, li, p } from "./dom.js";
import { feedPath } from "./feed.js";
import { firstOf } from "./paged.js";
import { button, data, done, moment, section } from "./parts.js";
import { counted } from "./words.js";

/** @typedef {import("../../../domain/user.ts").User} User */
/** @typedef {import("../../../domain/erasure.ts").Erased} Erased */
/** @typedef {import("./app.js").Page} Page */

/**
 * The button that erases a user, or the reason why the user cannot be erased. The service makes the final check.
 * @param {User} user @param {Page} page @param {(result: HTMLElement) => void} onErased
 */
export function eraseSection({ unique_id, state, permits }, page, onErased) {
  if (!page.session.isAdmin) return null;
  const why = state === "active"
    ? "Only users without access can be erased."
    : permits.some(({ status }) => status === "active")
    ? "This user has an active permit. Release the permit before you erase the user."
    : null;
  const onclick = async () => {
    const result = await erase(unique_id, page);
    if (result !== null) onErased(told(result));
  };
  return section(
    "erase",
    "Erase",
    why === null
      ? [
        h("p", { class: "lead" }, "Remove this person and every trace of them from the database."),
        h("div", { class: "actions" }, button("Erase this person…", onclick, { id: "erase-button" })),
      ]
      : h("p", { class: "faint" }, why),
  );
}

/** @param {string} id @param {Page} page */
async function erase(id, page) {
  return await confirm({
    heading: "Erase this person?",
    what: [
      p("rosterd removes ", h("strong", null, data(id)), " from the database permanently:"),
      h(
        "ul",
        null,
        li("the user, including all values and everything that feeds say about the user"),
        li("this user's changes, holds and failures in imports, so that an undo no longer restores them"),
        li("the user's id on former permits"),
      ),
      p("Files in bak are not changed. Files that may still name the person are listed afterwards."),
      p("If the person appears in a roster again, the user is created again."),
    ],
    yes: "Erase this person",
    busy: "Erasing…",
    grave: true,
    work: () => /** @type {Promise<Erased>} */ (page.api.post(`users/${encodeURIComponent(id)}/erase`)),
  });
}

/** @param {Erased} result */
function told({ files, files_total }) {
  const words = "This person has been erased from the database.";
  if (files_total === 0) return done(words, p("No files in bak name this person."));
  const list = firstOf({
    items: files,
    total: files_total,
    heading: `${counted(files_total, "file")} in bak may still name this person:`,
    what: "files",
    caption: "Files that may still name the person",
    columns: [{ heading: "File", kind: "wide" }, { heading: "Deleted on" }],
    row: ({ feed, file, kept_until }) => [
      data(feedPath({ feed, file: `bak/${file}` })),
      kept_until === null ? "never: bak_retention_days is 0" : moment(kept_until),
    ],
  });
  return done(words, list);
}
