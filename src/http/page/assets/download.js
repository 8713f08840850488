/** Downloads a file. A plain link cannot send the token, so the page fetches the bytes. */
import { h } from "./dom.js";
import { asking, data } from "./parts.js";
import { shown } from "./words.js";

/**
 * @param {string} label @param {string} path The call.
 * @param {string} said What screen readers announce afterwards.
 * @param {import("./app.js").Page} page
 */
export function downloadButton(label, path, said, page, kind = "button") {
  const download = async () => {
    const response = await page.api.ask("GET", path);
    save(await response.blob(), nameIn(response));
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
  return downloadButton(shown(name), path, "The file was downloaded", page, "link");
}

/** The name that the service gives to the file. @param {Response} response */
function nameIn(response) {
  const encoded = /filename\*=UTF-8''(\S+)/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return decodeURIComponent(encoded ?? "");
}

/** @param {Blob} bytes @param {string} name */
function save(bytes, name) {
  const link = h("a", { href: URL.createObjectURL(bytes), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
