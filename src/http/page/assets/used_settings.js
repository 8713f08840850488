/** Lists the settings that an import used and marks those that have changed since then. */
import { h } from "./dom.js";
import { table } from "./parts.js";
import { settingName } from "./setting_name.js";
import { GROUPS } from "./settings_layout.js";
import { flatten, inWords } from "./settings_patch.js";
import { counted, shown } from "./words.js";

/** @typedef {import("../../../domain/settings.ts").Settings} Settings */

const ORDER = GROUPS.flatMap(({ items }) => items.map(({ key }) => key));

/** The position of a setting in the form. Settings that are not in the form come last. @param {string} key */
function place(key) {
  return ORDER.includes(key) ? ORDER.indexOf(key) : ORDER.length;
}

/**
 * Lists the settings in the order used by the form rather than the order used by the database. @param {Settings} used
 * @param {Settings
 * | null} now
 */
export function usedSettings(used, now) {
  const current = now === null ? null : flatten(now);
  const inOrder = Object.entries(flatten(used)).filter(([key]) => key !== "feeds").toSorted(([one], [other]) =>
    place(one) - place(other)
  );
  const rows = inOrder.map(([key, value]) => {
    const words = inWords(value);
    const today = current === null ? words : inWords(current[key]);
    const differs = today !== words && h("span", { class: "differs" }, "now ", shown(today));
    return { differs, cells: [settingName(key), [shown(words), differs]] };
  });
  const changed = rows.filter(({ differs }) => differs !== false).length;
  const summary = changed === 0 ? "same as now" : `${counted(changed, "setting has", "settings have")} changed since`;
  const columns = [{ heading: "Setting" }, { heading: "Value", kind: "wide" }];
  return h(
    "details",
    null,
    h("summary", null, "Settings used", h("span", { class: "faint" }, now === null ? "" : ` – ${summary}`)),
    table("Settings at the start of the import", columns, rows.map(({ cells }) => cells), "plain"),
  );
}
