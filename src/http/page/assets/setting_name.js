/** The name of a setting outside the form: its label, and its key as used in scripts and the settings file. */
import { h } from "./dom.js";
import { GROUPS } from "./settings_layout.js";
import { shown } from "./words.js";

/** @param {string} key Such as `smtp.port`. The key may be nested deeper, or may no longer exist. */
export function settingName(key) {
  const item = GROUPS.flatMap(({ items }) => items).find((each) => key === each.key || key.startsWith(`${each.key}.`));
  // Long keys break between their words.
  const code = h("code", null, shown(key).split(/(?<=[._])/).map((part) => [part, h("wbr")]));
  return item === undefined ? code : h("span", { class: "setting-name" }, item.label, " ", code);
}
