/**
 * The settings as a form. Saves only the changes, and only if the stored settings have not changed since they were
 * loaded.
 */
import { ApiError } from "./api.js";
import { confirm } from "./dialog.js";
import { h, li, link, p } from "./dom.js";
import { button, filter, notice, trouble, viewOf } from "./parts.js";
import { addFeed, feedActions, feedLinks } from "./settings_feeds.js";
import { settingsFields, showErrors } from "./settings_fields.js";
import { flatten, inWords, isSame, patchOf } from "./settings_patch.js";
import { changeStored, readStored } from "./stored_settings.js";
import { testMail } from "./test_mail.js";
import { counted, shown } from "./words.js";

/** @typedef {import("../assets.ts").Description} Description */
/** @typedef {import("./settings_patch.js").Flat} Flat */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./route.js").Route} Route */
/** @typedef {import("../../../domain/settings.ts").Settings} Settings */

/** The form of a feed: `#/feed/students`. @param {Page} page @param {Route} route */
export async function feedView(page, route) {
  const { moved: _, ...view } = await formView(page, route, route.rest);
  return view;
}

/** @param {Page} page @param {Route} route */
export function settingsView(page, route) {
  return formView(page, route, null);
}

/** @param {Page} page @param {Route} route @param {string | null} feed Null for the settings of all feeds. */
async function formView(page, route, feed) {
  /** @type {[Seen, Description]} */
  const [first, description] = await Promise.all([read(page, feed), describe(page)]);
  const groups = settingsFields(description, feed !== null);
  const fields = groups.flatMap((group) => group.fields);
  /** The stored settings on which the form is based. */
  let seen = first;

  const mailTest = testMail(page, isDirty);
  const message = h("div", { class: "save-message", role: "status" });
  const save = h("button", { type: "submit", class: "button primary", id: "save" }, "Save");
  const putBack = button("Revert changes", () => fill(), { id: "put-back" });
  const changes = h("span", { class: "save-count" });
  const bar = h("div", { class: "save-bar" }, message, h("div", { class: "actions" }, save, putBack, changes));
  const all = h(
    "fieldset",
    { class: "all", disabled: !page.session.isAdmin },
    h("legend", { class: "visually-hidden" }, "Settings"),
    groups.map(({ group, fields }) =>
      h(
        "section",
        { id: group.id, class: "card", "aria-labelledby": `${group.id}-heading` },
        h("h2", { id: `${group.id}-heading`, tabindex: "-1" }, group.heading),
        fields.map(({ element }) => element),
        group.id === "mail" && page.session.isAdmin ? mailTest.element : null,
      )
    ),
  );
  const form = h("form", { novalidate: true, class: "settings" }, all, page.session.isAdmin ? bar : null);
  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  globalThis.addEventListener("beforeunload", (event) => isDirty() && event.preventDefault(), { signal: page.signal });
  fill();

  const readOnly = "You can view the settings, but only admins can change them.";
  const overrides = "The settings of this feed override those for all feeds. If two feeds disagree about a user, " +
    "the one listed first takes precedence. ";
  const below = [
    h(
      "p",
      { class: "lead" },
      feed === null ? "" : overrides,
      "Changes apply from the next scan. ",
      link("#/settings-history", "Change history"),
    ),
    page.session.isAdmin ? null : notice("quiet", p(readOnly)),
  ];
  return {
    ...viewOf(
      feed === null ? "Settings" : `Settings of ${shown(feed)}`,
      below,
      feedLinks(first.settings, feed),
      feed === null ? groupLinks(groups.map(({ group }) => group)) : null,
      form,
      !page.session.isAdmin ? null : feed === null ? addFeed(page) : feedActions(page, first.settings, feed),
    ),
    moved,
    mayLeave,
    shown: () => route.rest !== "" && moved(route),
  };

  /** @param {string} key */
  function withoutFeed(key) {
    return feed !== null && key.startsWith(`feeds.${feed}.`) ? key.slice(`feeds.${feed}.`.length) : key;
  }

  /** The values in the form. @returns {Flat} */
  function edited() {
    return Object.fromEntries(fields.map(({ key, editor }) => [key, editor.get()]));
  }

  function changedKeys() {
    const now = edited();
    return Object.keys(now).filter((key) => !isSame(now[key], seen.values[key]));
  }

  function isDirty() {
    return changedKeys().length > 0;
  }

  function changed() {
    const count = changedKeys().length;
    changes.textContent = count === 0 ? "" : counted(count, "unsaved change");
    save.disabled = putBack.disabled = count === 0;
    bar.classList.toggle("dirty", count > 0);
    mailTest.update();
  }

  /** Shows the stored settings. */
  function fill() {
    for (const { key, editor } of fields) {
      editor.setCommon?.(seen.common[key]);
      editor.set(seen.values[key]);
    }
    showErrors(fields, []);
    message.replaceChildren();
    changed();
  }

  async function submit() {
    save.disabled = true;
    showErrors(fields, []);
    message.replaceChildren();
    try {
      const patch = patchOf(seen.values, edited());
      seen = flat(await changeStored(page, feed === null ? patch : { feeds: { [feed]: patch } }, seen.etag), feed);
      fill();
      message.replaceChildren(notice("good", p("Saved. The change applies from the next scan.")));
      void page.live.look();
    } catch (error) {
      await refused(error);
    }
    changed();
  }

  /** @param {unknown} error */
  async function refused(error) {
    if (error instanceof ApiError && error.status === 412) return await lookAgain();
    if (!(error instanceof ApiError) || error.status !== 422) return message.replaceChildren(trouble(error));
    const { refused, others } = showErrors(
      fields,
      error.errors.map((each) => ({ ...each, key: withoutFeed(each.key) })),
    );
    const links = refused.map(({ label, editor }) =>
      li(button(label, () => editor.control.focus(), { class: "link" }))
    );
    message.replaceChildren(
      notice(
        "bad",
        p(h("strong", null, "Nothing was saved."), " Please correct:"),
        h("ul", { class: "inline" }, links, others.map((text) => li(shown(text)))),
      ),
    );
    refused[0]?.editor.control.focus();
  }

  /** Loads changes that were saved elsewhere and keeps the edits in this form. */
  async function lookAgain() {
    const mine = changedKeys();
    const before = seen;
    seen = await read(page, feed);
    for (const { key, editor } of fields) if (!mine.includes(key)) editor.set(seen.values[key]);
    const theirs = fields.filter(({ key }) => !isSame(before.values[key], seen.values[key]));
    const lines = theirs.map(({ key, label }) => {
      const [from, to] = [before.values[key], seen.values[key]].map((value) => shown(inWords(value)));
      return li(
        h("strong", null, label),
        `: from ${from} to ${to}`,
        mine.includes(key) && " (you changed it too; the form shows your value)",
      );
    });
    const what = lines.length === 0 ? p("No settings on this page have changed.") : h("ul", { class: "lines" }, lines);
    message.replaceChildren(
      notice(
        "attention",
        p(h("strong", null, "The settings were changed elsewhere, so nothing was saved.")),
        what,
        p("Check your changes, then save again."),
      ),
    );
  }

  /** @param {Route} to */
  function moved({ name, rest }) {
    if (name !== "settings") return false;
    const heading = document.getElementById(`${rest}-heading`);
    heading?.scrollIntoView({ block: "start" });
    heading?.focus({ preventScroll: true });
    return true;
  }

  async function mayLeave() {
    if (!isDirty()) return true;
    const left = await confirm({
      heading: "Leave without saving?",
      what: p(`You have ${counted(changedKeys().length, "unsaved change")}.`),
      yes: "Leave without saving",
      busy: "Leaving…",
      work: () => Promise.resolve(true),
    });
    return left === true;
  }
}

/** @param {readonly import("./settings_layout.js").Group[]} groups */
function groupLinks(groups) {
  return filter("Groups of settings", groups.map(({ id, heading }) => ({ href: `#/settings/${id}`, text: heading })));
}

/**
 * `values`: the values in the form. `common`: the values for all feeds.
 * @typedef {{ settings: Settings, values: Flat, common: Flat, etag: string }} Seen
 */

/** @param {Page} page @param {string | null} feed @returns {Promise<Seen>} */
async function read(page, feed) {
  return flat(await readStored(page), feed);
}

/** @param {import("./stored_settings.js").Stored} stored @param {string | null} feed @returns {Seen} */
function flat({ settings, etag }, feed) {
  const common = flatten(settings),
    own = feed !== null && Object.hasOwn(settings.feeds, feed) ? settings.feeds[feed] : {};
  return { settings, etag, common, values: feed === null ? common : flatten(/** @type {Settings} */ (own)) };
}

/** @param {Page} page @returns {Promise<Description>} */
async function describe({ signal }) {
  return await (await fetch("assets/description.json", { signal })).json();
}
