/**
 * Elements from data. Whatever is not an element becomes a text node, so a file name or a value can never become markup;
 * nothing in this page writes HTML.
 */

/** @typedef {Node | string | number | null | undefined | false | readonly any[]} Child Nested as deep as is handy. */

/** Set as properties, for the attribute would only be the first value. */
const PROPERTIES = new Set(["value", "checked", "disabled", "indeterminate"]);

/**
 * Makes an element. Attributes by their HTML names; `false` and null leave one out, a function listens (`onclick`).
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown> | null} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === false || value === null || value === undefined) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), /** @type {EventListener} */ (value));
    else if (PROPERTIES.has(name)) Object.assign(element, { [name]: value });
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...nodes(children));
  return element;
}

/**
 * @param {readonly Child[]} children
 * @returns {(Node | string)[]}
 */
function nodes(children) {
  return children.flatMap((child) => {
    if (child === null || child === undefined || child === false) return [];
    if (typeof child === "number") return [String(child)];
    return Array.isArray(child) ? nodes(child) : [/** @type {Node | string} */ (child)];
  });
}

/**
 * Puts new content into an element. The keyboard stays where it was: at the same element when it is part of the new content,
 * else at what has its `id`.
 * @param {HTMLElement} element
 * @param {() => Child} build May take parts of the old content.
 */
export function putInto(element, build) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren(...nodes([build()]));
  if (focused === null) return;
  const now = focused.isConnected ? focused : document.getElementById(focused.id);
  if (now instanceof HTMLElement) now.focus({ preventScroll: true });
}

/**
 * A place whose content is made anew when its data changed, and only then: nothing flickers, and the keyboard stays where
 * it was.
 * @template T
 */
export class Slot {
  /** @type {string | null} */
  #shown = null;

  /**
   * @param {HTMLElement} element
   * @param {(data: T) => Child} build
   */
  constructor(element, build) {
    this.element = element;
    this.build = build;
  }

  /** @param {T} data */
  show(data) {
    const shown = JSON.stringify(data);
    if (shown === this.#shown) return;
    this.#shown = shown;
    putInto(this.element, () => this.build(data));
  }
}
