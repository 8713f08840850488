/** How a setting is called where it is not edited: as on the form, and by its key, as scripts and the settings file have it. */
import { h } from "./dom.js";
import { GROUPS } from "./settings_layout.js";
import { shown } from "./words.js";

/** @param {string} key `smtp.port`; also one that lies deeper, or that nobody knows any more. */
export function settingName(key) {
  const item = GROUPS.flatMap(({ items }) => items).find((each) => key === each.key || key.startsWith(`${each.key}.`));
  const code = h("code", null, shown(key));
  return item === undefined ? code : h("span", { class: "setting-name" }, item.label, " ", code);
}
