/** A long list, one page at a time. */
import { h } from "./dom.js";
import { button, trouble } from "./parts.js";

/** @typedef {import("./dom.js").Child} Child */

/**
 * @template Item
 * @typedef {object} Pages
 * @property {string} what What the list contains, such as "failed records".
 * @property {(cursor: string | null) => Promise<{ items: readonly Item[], next: string | null }>} load
 * @property {(items: readonly Item[]) => Child} show
 */

/**
 * Loads the first page before it resolves, so that the layout does not jump.
 * @template Item
 * @param {Pages<Item>} pages
 * @returns {Promise<HTMLElement>}
 */
export async function paged({ what, load, show }) {
  /** @type {(string | null)[]} The cursors of this page and of all pages before it. */
  let cursors = [null];
  /** @type {string | null} */
  let next = null;
  const content = h("div", null);
  const page = h("span", { role: "status" });
  const back = button("Previous", () => void turn(cursors.slice(0, -1)), { "aria-label": `Previous ${what}` });
  const forth = button("Next", () => void turn([...cursors, next]), { "aria-label": `Next ${what}` });
  const pager = h("div", { class: "pager" }, back, page, forth);

  /** @param {(string | null)[]} to */
  async function turn(to) {
    back.disabled = forth.disabled = true;
    try {
      const loaded = await load(to[to.length - 1]);
      cursors = to;
      next = loaded.next;
      content.replaceChildren(h("div", null, show(loaded.items)));
    } catch (error) {
      content.prepend(trouble(error));
    }
    back.disabled = cursors.length === 1;
    forth.disabled = next === null;
    pager.hidden = back.disabled && forth.disabled;
    page.textContent = `Page ${cursors.length}`;
  }

  await turn(cursors);
  return h("div", { class: "paged" }, content, pager);
}
