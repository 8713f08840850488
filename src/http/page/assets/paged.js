/** A long list, which shows the first ten items, and on request all items, one page at a time. */
import { h } from "./dom.js";
import { button, trouble } from "./parts.js";

/** @typedef {import("./dom.js").Child} Child */

/** The number of items in a folded list. */
const SHOWN_FOLDED = 10;

/**
 * @template Item
 * @typedef {object} Pages
 * @property {string} what A plural noun for the items, such as "failed records".
 * @property {(cursor: string | null) => Promise<{ items: readonly Item[], next: string | null }>} load
 * @property {(items: readonly Item[]) => Child} show
 */

/**
 * Resolves after the first page is loaded, so that the layout does not jump.
 * @template Item
 * @param {Pages<Item>} pages
 * @returns {Promise<HTMLElement>}
 */
export async function paged({ what, load, show }) {
  /** @type {(string | null)[]} The cursors of this page and of all pages before it. */
  let cursors = [null];
  /** @type {string | null} */
  let next = null;
  const content = h("div", { tabindex: "-1" });
  const page = h("span", { role: "status" });
  const back = button("Previous", () => void turn(cursors.slice(0, -1)), { "aria-label": `Previous ${what}` });
  const forth = button("Next", () => void turn([...cursors, next]), { "aria-label": `Next ${what}` });
  const pager = h("div", { class: "pager" }, back, page, forth);
  const all = button("Show all", () => unfold(), { "aria-label": `Show all ${what}` });
  let isFolded = true;
  /** @type {readonly Item[]} */
  let items = [];

  function fill() {
    const more = next !== null || items.length > SHOWN_FOLDED;
    isFolded = isFolded && more;
    content.replaceChildren(h("div", null, show(isFolded ? items.slice(0, SHOWN_FOLDED) : items)));
    all.hidden = !isFolded;
    pager.hidden = isFolded || (back.disabled && forth.disabled);
  }

  /** Moves the focus to the list, because the button that had the focus disappears. */
  function unfold() {
    isFolded = false;
    fill();
    content.focus({ preventScroll: true });
  }

  /** @param {(string | null)[]} to */
  async function turn(to) {
    let failed = false;
    back.disabled = forth.disabled = true;
    try {
      const loaded = await load(to[to.length - 1]);
      cursors = to;
      next = loaded.next;
      items = loaded.items;
    } catch (error) {
      failed = true;
      content.prepend(trouble(error));
    }
    back.disabled = cursors.length === 1;
    forth.disabled = next === null;
    if (!failed) fill();
    page.textContent = `Page ${cursors.length}`;
  }

  await turn(cursors);
  return h("div", { class: "paged" }, content, all, pager);
}

/** The page size of a list that is already loaded. */
const ON_A_PAGE = 100;

/**
 * A list that is already loaded.
 * @template Item
 * @param {{ items: readonly Item[], what: string, show: (items: readonly Item[]) => Child }} list
 */
export async function folded({ items, what, show }) {
  return await paged({
    what,
    load: (cursor) => {
      const from = Number(cursor ?? 0);
      const to = from + ON_A_PAGE;
      return Promise.resolve({ items: items.slice(from, to), next: to < items.length ? String(to) : null });
    },
    show,
  });
}
