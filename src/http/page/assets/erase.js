/**
 * Erases a person: explains which data is deleted and which stays, asks for confirmation, and lists the files that may
 * still name the person.
 */
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { feedPath } from "./feed.js";
import { folded } from "./paged.js";
import { button, data, moment, notice, section, table } from "./parts.js";
import { counted, number } from "./words.js";

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
    ? "Only a user without access can be erased."
    : permits.some(({ status }) => status === "active")
    ? "This user has an active permit. Release it before you erase the user."
    : null;
  const onclick = async () => {
    const result = await erase(unique_id, page);
    if (result !== null) onErased(await told(result));
  };
  return section(
    "erase",
    "Erase",
    why === null
      ? [
        h("p", { class: "lead" }, "Remove this person and every trace of the person from the database."),
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
      h("p", null, "rosterd removes ", h("strong", null, data(id)), " from the database permanently:"),
      h(
        "ul",
        null,
        h("li", null, "the user with all values and the statements of all feeds"),
        h("li", null, "changes, holds and failures of this user in imports, so that an undo no longer restores them"),
        h("li", null, "the user's id on former permits"),
      ),
      h("p", null, "Files in bak are not changed. Files that may still name the person are listed afterwards."),
      h("p", null, "If a roster names the person again, the user is created again."),
    ],
    yes: "Erase this person",
    busy: "Erasing…",
    grave: true,
    work: () => /** @type {Promise<Erased>} */ (page.api.post(`users/${encodeURIComponent(id)}/erase`)),
  });
}

/** @param {Erased} result */
async function told({ files, files_total }) {
  const told = notice("good", h("p", null, "This person has been erased from the database."));
  told.tabIndex = -1;
  if (files_total === 0) {
    told.append(h("p", null, "No file in bak names this person."));
    return told;
  }
  const more = files_total > files.length ? ` (the first ${number(files.length)})` : "";
  told.append(
    h("p", null, `${counted(files_total, "file")} in bak may still name this person:`),
    await folded({
      items: files,
      what: "files",
      show: (some) =>
        table(
          `Files that may still name the person${more}`,
          [{ heading: "File", kind: "wide" }, { heading: "Deleted on" }],
          some.map(({ feed, file, kept_until }) => [
            data(feedPath({ feed, file: `bak/${file}` })),
            kept_until === null ? "never: bak_retention_days is 0" : moment(kept_until),
          ]),
        ),
    }),
  );
  return told;
}
