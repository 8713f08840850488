/** The settings that an import used; those that are otherwise now are marked. */
import { h } from "./dom.js";
import { table } from "./parts.js";
import { settingName } from "./setting_name.js";
import { flatten, inWords } from "./settings_patch.js";
import { counted, shown } from "./words.js";

/** @typedef {import("../../../domain/settings.ts").Settings} Settings */

/** @param {Settings} used @param {Settings | null} now */
export function usedSettings(used, now) {
  const current = now === null ? null : flatten(now);
  const rows = Object.entries(flatten(used)).map(([key, value]) => {
    const words = inWords(value);
    const today = current === null ? words : inWords(current[key]);
    const differs = today !== words && h("span", { class: "differs" }, "now ", shown(today));
    return { differs, cells: [settingName(key), [shown(words), differs]] };
  });
  const changed = rows.filter(({ differs }) => differs !== false).length;
  const summary = changed === 0 ? "the same as now" : `${counted(changed, "setting is", "settings are")} different now`;
  const columns = [{ heading: "Setting" }, { heading: "Value", kind: "wide" }];
  return h(
    "details",
    null,
    h("summary", null, "The settings it used", h("span", { class: "faint" }, now === null ? "" : ` – ${summary}`)),
    table("Settings at the start of the import", columns, rows.map(({ cells }) => cells), "plain"),
  );
}
