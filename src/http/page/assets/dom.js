/**
 * Creates elements from data. Anything that is not an element becomes a text node, so a file name or value can never
 * become markup. No code on this page writes HTML.
 */

/** @typedef {Node | string | number | null | undefined | false | readonly any[]} Child Lists may be nested. */

/** These names are set as properties, because an attribute would set only the initial value. */
const PROPERTIES = new Set(["value", "checked", "disabled", "indeterminate"]);

/**
 * Creates an element. Attributes use their HTML names. An attribute with the value `false` or null is omitted. A
 * function becomes a listener (`onclick`).
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

/** A paragraph. @param {...Child} children */
export function p(...children) {
  return h("p", null, children);
}

/** An item of a list. @param {...Child} children */
export function li(...children) {
  return h("li", null, children);
}

/** @param {string} href @param {...Child} children */
export function link(href, ...children) {
  return h("a", { href }, children);
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
 * Replaces the content of an element and keeps the focus: on the same element if the new content includes that element,
 * otherwise on the element with the same `id`.
 * @param {HTMLElement} element
 * @param {() => Child} build May reuse parts of the old content.
 */
export function putInto(element, build) {
  const focused = element.contains(document.activeElement) ? document.activeElement : null;
  element.replaceChildren(...nodes([build()]));
  if (focused === null) return;
  const now = focused.isConnected ? focused : document.getElementById(focused.id);
  if (now instanceof HTMLElement) now.focus({ preventScroll: true });
}

/**
 * An element that is rebuilt only when its data has changed. Otherwise the page would flicker and lose the focus.
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
