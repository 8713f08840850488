/** Lets the user choose a file to import. The service stores the file as an upload and imports it at once. */
import { confirm } from "./dialog.js";
import { h } from "./dom.js";
import { shown } from "./words.js";

/** @typedef {import("../../../importer/ports.ts").ImportEntry} ImportEntry */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {import("./dom.js").Child} Child */

/**
 * A button that opens the file dialog of the browser.
 * @param {string} label @param {{ id: string, class: string }} names @param {(file: File) => void} onFile
 */
export function fileButton(label, names, onFile) {
  const accept = ".csv,.tsv,.txt,.gz";
  const input = h("input", { type: "file", id: names.id, accept, class: "visually-hidden" });
  input.addEventListener("change", () => {
    const [file] = input.files ?? [];
    if (file !== undefined) onFile(file);
    input.value = "";
  });
  return [input, h("label", { for: names.id, class: names.class }, label)];
}

/**
 * Asks for confirmation, imports the file and opens its import.
 * @param {File} file @param {string} feed @param {Child} what What the import will do. @param {Page} page
 */
export async function importFile(file, feed, what, page) {
  const query = new URLSearchParams({ name: file.name, feed, wait: "true" });
  const done = await confirm({
    heading: `Import ${shown(file.name)} now?`,
    what,
    yes: "Import this file",
    busy: "Importing…",
    work: () => page.api.post(`imports?${query}`, { file, signal: page.signal }),
  });
  if (done === null) return;
  /** @type {ImportEntry[]} */
  const [entry] = done.imports;
  page.announce(
    entry === undefined ? "The file was uploaded and is waiting to be imported" : `${shown(file.name)} was imported`,
  );
  location.hash = entry === undefined ? "#/" : `#/imports/${entry.id}`;
}
