/** Downloads a file. A plain link cannot send the token, so the page fetches the bytes. */
import { h } from "./dom.js";
import { asking, data } from "./parts.js";
import { shown } from "./words.js";

/**
 * @param {string} label @param {string} path The call.
 * @param {{ name: string, said: string }} words The name of the file, and what screen readers announce afterwards.
 * @param {import("./app.js").Page} page
 */
export function downloadButton(label, path, { name, said }, page, kind = "button") {
  const download = async () => {
    save(await (await page.api.ask("GET", path)).blob(), name);
    page.announce(said);
  };
  return asking(label, download, { id: `${kind}-${path.replaceAll("/", "-")}`, class: "download", button: kind });
}

/**
 * A file in `bak`: a link for users who may see files. @param {string} name @param {string} path @param
 * {import("./app.js").Page} page
 */
export function downloadLink(name, path, page) {
  if (!page.session.isClerk) return data(name);
  return downloadButton(shown(name), path, { name, said: "The file was downloaded" }, page, "link");
}

/** @param {Blob} bytes @param {string} name */
function save(bytes, name) {
  const link = h("a", { href: URL.createObjectURL(bytes), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
