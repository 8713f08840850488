/** Reads the stored settings, with the ETag that a change must send. */

/** @typedef {import("../../../domain/settings.ts").Settings} Settings */
/** @typedef {import("./app.js").Page} Page */
/** @typedef {{ settings: Settings, etag: string }} Stored */

/** @param {Page} page @param {AbortSignal} [signal] @returns {Promise<Stored>} */
export async function readStored(page, signal = page.signal) {
  return await stored(await page.api.ask("GET", "settings", { signal }));
}

/**
 * Changes the settings only if the ETag still matches.
 * @param {Page} page @param {unknown} patch RFC 7396 @param {string} etag @returns {Promise<Stored>}
 */
export async function changeStored(page, patch, etag) {
  return await stored(await page.api.ask("PATCH", "settings", { json: patch, headers: { "if-match": etag } }));
}

/**
 * Removes the `W/` that a compressing proxy adds to the ETag, because If-Match never matches a weak ETag.
 * @param {Response} response
 * @returns {Promise<Stored>}
 */
async function stored(response) {
  const etag = (response.headers.get("etag") ?? "").replace(/^W\//, "");
  return { settings: await response.json(), etag };
}
