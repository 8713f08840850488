/** A dialog that describes the effects of an action and asks for confirmation. */
import { h } from "./dom.js";
import { button, trouble } from "./parts.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * @template T
 * @typedef {object} Confirmation
 * @property {string} heading A question.
 * @property {Child} what Exactly what will happen.
 * @property {string} yes The label of the confirming button, with a verb.
 * @property {string} busy The label while the work runs.
 * @property {boolean} [grave] Whether people lose access.
 * @property {() => Promise<T>} work
 */

/**
 * Resolves to the result of the work, or to null if the user canceled. The dialog shows errors.
 * @template T
 * @param {Confirmation<T>} confirmation
 * @returns {Promise<T | null>}
 */
export function confirm({ heading, what, yes, busy, grave = false, work }) {
  return new Promise((resolve) => {
    /** @type {T | null} */
    let result = null;
    let isWorking = false;
    const failed = h("div", null);
    const no = button("Cancel", () => dialog.close(), { autofocus: true });
    const go = button(yes, () => void carryOut(), { class: `button primary${grave ? " grave" : ""}` });
    const dialog = h(
      "dialog",
      { "aria-labelledby": "dialog-heading", "aria-describedby": "dialog-what" },
      h("h2", { id: "dialog-heading" }, heading),
      h("div", { id: "dialog-what", class: "dialog-what" }, what),
      failed,
      h("div", { class: "actions" }, go, no),
    );
    dialog.addEventListener("cancel", (event) => isWorking && event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(result);
    });
    document.body.append(dialog);
    dialog.showModal();

    async function carryOut() {
      isWorking = go.disabled = no.disabled = true;
      go.textContent = busy;
      failed.replaceChildren();
      try {
        result = await work();
        dialog.close();
      } catch (error) {
        failed.replaceChildren(trouble(error));
        go.textContent = yes;
        go.disabled = no.disabled = false;
        no.focus();
      } finally {
        isWorking = false;
      }
    }
  });
}
