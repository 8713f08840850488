/**
 * The view of changes to the settings: the time, the changed values, and how they were changed. Secrets stay masked.
 */
import { h, link } from "./dom.js";
import { paged } from "./paged.js";
import { empty, moment, table, viewHead } from "./parts.js";
import { settingName } from "./setting_name.js";
import { inWords } from "./settings_patch.js";
import { shown } from "./words.js";

/** @typedef {import("../../../domain/stored_settings.ts").SettingsHistoryPage} SettingsHistoryPage */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {SettingsHistoryPage["changes"][number]} Change */

const ON_A_PAGE = 50;

/** @type {Record<Change["how"], string>} */
const HOW = {
  http: "on this page or over HTTP",
  command: "with a rosterd settings command",
  file: "manually, in the settings file",
};

/** @param {Page} page */
export async function settingsHistory(page) {
  const list = await paged({
    what: "changes",
    load: async (cursor) => {
      const before = cursor === null ? "" : `&before=${cursor}`;
      const { changes, next } = await page.api.get(`settings/history?limit=${ON_A_PAGE}${before}`, page.signal);
      return { items: changes, next: next === null ? null : String(next) };
    },
    show: historyTable,
  });
  const title = "Change history";
  const head = viewHead([link("#/settings", "Settings"), " / History"], title);
  return { title, content: h("div", { class: "stack" }, head, list) };
}

/** @param {readonly Change[]} changes */
function historyTable(changes) {
  if (changes.length === 0) return empty("No settings have been changed yet.");
  const rows = changes.flatMap(({ at, how, by, changes }) =>
    changes.map((
      { key, from, to },
    ) => [moment(at), settingName(key), value(from), value(to), by === null ? "" : shown(by), HOW[how]])
  );
  const headings = ["When", "Setting", "From", "To", "By", "How"];
  return table("Changed settings, newest first", headings.map((heading) => ({ heading })), rows, "history");
}

/** @param {unknown} value */
function value(value) {
  return shown(inWords(value));
}
