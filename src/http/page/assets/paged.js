/** A long list that shows the first ten items or, on request, all items, one page at a time. */
import { h } from "./dom.js";
import { button, table, trouble } from "./parts.js";
import { number } from "./words.js";

/** @typedef {import("./dom.js").Child} Child */

/** The number of items in a folded list. */
const SHOWN_FOLDED = 10;

/**
 * @template Item
 * @typedef {object} Pages
 * @property {string} what A plural noun for the items, such as "failed records".
 * @property {(cursor: string | null) => Promise<{ items: readonly Item[], next: string | null }>} load
 * @property {(items: readonly Item[]) => Child} show
 * @property {number} [total] The number of all items, if it is known.
 */

/**
 * Resolves after the first page is loaded, so that the layout does not jump.
 * @template Item
 * @param {Pages<Item>} pages
 */
export async function paged(pages) {
  const { element, turn } = listOf(pages);
  await turn([null]);
  return element;
}

/**
 * @template Item
 * @param {Pages<Item>} pages @param {{ items: readonly Item[], next: string | null }} [first] The first page, if it is loaded.
 */
function listOf({ what, load, show, total }, first) {
  /** The cursors of this page and of all pages before it. @type {(string | null)[]} */
  let cursors = [null];
  let { items, next } = first ?? { items: [], next: null };
  const content = h("div", { tabindex: "-1" });
  const page = h("span", { role: "status" });
  const back = button("Previous", () => void turn(cursors.slice(0, -1)), { "aria-label": `Previous ${what}` });
  const forth = button("Next", () => void turn([...cursors, next]), { "aria-label": `Next ${what}` });
  const pager = h("div", { class: "pager" }, back, page, forth);
  const count = total === undefined ? "" : `${number(total)} `;
  const all = button(`Show all ${count}${what}`, () => unfold(), { class: "button small" });
  let isFolded = true;
  back.disabled = true;
  forth.disabled = next === null;
  if (first !== undefined) fill();
  return { element: h("div", { class: "paged" }, content, all, pager), turn };

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
}

/** The page size of a list that is already loaded. */
const ON_A_PAGE = 100;

/**
 * A list that is already loaded.
 * @template Item
 * @param {{ items: readonly Item[], what: string, show: (items: readonly Item[]) => Child }} list
 */
export function folded({ items, what, show }) {
  const load = (/** @type {string | null} */ cursor) => {
    const from = Number(cursor ?? 0), to = from + ON_A_PAGE;
    return { items: items.slice(from, to), next: to < items.length ? String(to) : null };
  };
  const pages = {
    what,
    total: items.length,
    load: (/** @type {string | null} */ at) => Promise.resolve(load(at)),
    show,
  };
  return listOf(pages, load(null)).element;
}

/**
 * A list of which only the first items are known: a sentence and a table.
 * @template Item
 * @param {object} list
 * @param {readonly Item[]} list.items @param {number} [list.total] @param {Child} [list.heading] @param {string} list.what
 * @param {string} list.caption @param {readonly import("./parts.js").Column[]} list.columns
 * @param {(item: Item) => readonly Child[]} list.row @param {string} [list.kind]
 */
export function firstOf({ items, total = items.length, heading = null, what, caption, columns, row, kind }) {
  const more = total > items.length ? ` (the first ${number(items.length)})` : "";
  return [
    heading !== null && h("p", { class: "lead" }, heading),
    folded({ items, what, show: (some) => table(`${caption}${more}`, columns, some.map(row), kind) }),
  ];
}
