/**
 * The list of feeds beside the settings: links to the forms of the feeds, and controls that add, order and remove
 * feeds.
 */
import { confirm } from "./dialog.js";
import { h, p } from "./dom.js";
import { feedNames } from "./feed.js";
import { asking, button, data, filter } from "./parts.js";
import { changeStored, readStored } from "./stored_settings.js";

/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("../../../domain/settings.ts").Settings} Settings */

/** @param {Settings} settings @param {string | null} chosen */
export function feedLinks(settings, chosen) {
  return filter(
    "Feeds",
    [null, ...feedNames(settings)].map((feed) => ({
      href: feed === null ? "#/settings" : `#/feed/${feed}`,
      text: feed === null ? "All feeds" : data(feed),
      isChosen: feed === chosen,
    })),
  );
}

/** Adds a feed and opens its form. @param {Page} page */
export function addFeed(page) {
  const name = h("input", { type: "text", id: "new-feed", class: "short", autocomplete: "off", spellcheck: "false" });
  const add = asking("Add feed", async () => {
    const feed = name.value.trim();
    await change(page, { [feed]: {} });
    location.hash = `#/feed/${feed}`;
  }, { id: "add-feed", class: "add-feed" });
  return h(
    "details",
    null,
    h("summary", null, "Add a feed"),
    h(
      "p",
      { class: "field-help" },
      "A feed is a subfolder of the upload folder with its own settings, such as students or staff.",
    ),
    p(h("label", { for: "new-feed" }, "Name of the folder: "), name),
    add,
  );
}

/** @param {Page} page @param {Settings} settings @param {string} feed */
export function feedActions(page, settings, feed) {
  const names = feedNames(settings), at = names.indexOf(feed);
  const earlier = at > 0 && asking("Move up", async () => {
    const order = names.with(at - 1, feed).with(at, names[at - 1]);
    await change(page, Object.fromEntries(order.map((name) => [name, {}])));
    location.hash = "#/settings";
  }, { id: "move-feed", class: "move-feed" });
  const remove = button("Remove this feed", async () => {
    const removed = await confirm({
      heading: `Remove the feed ${feed}?`,
      what: p("Files in its folder will no longer be imported. The folder and its files are kept."),
      yes: "Remove the feed",
      busy: "Removing…",
      grave: true,
      work: () => change(page, { [feed]: null }),
    });
    if (removed !== null) location.hash = "#/settings";
  }, { id: "remove-feed" });
  return h("div", { class: "actions" }, earlier, remove);
}

/** @param {Page} page @param {Record<string, object | null>} feeds */
async function change(page, feeds) {
  const { etag } = await readStored(page);
  return await changeStored(page, { feeds }, etag);
}
