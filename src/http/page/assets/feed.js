/** Names feeds and their files, and finds the settings of a feed. Pure functions. */

/** @typedef {import("../../../domain/settings.ts").Settings} Settings */

/**
 * The path of a file relative to the upload folder, such as `students/roster.csv`.
 * @param {{ feed: string, file: string }} entry
 */
export function feedPath({ feed, file }) {
  return feed === "" ? file : `${feed}/${file}`;
}

/** @param {string} feed "" for the upload folder itself. */
export function feedWord(feed) {
  return feed === "" ? "Upload folder" : feed;
}

/** @param {Settings} settings @returns {string[]} */
export function feedNames(settings) {
  return Object.keys(settings.feeds);
}

/**
 * The settings for files of a feed. The settings of the feed override the common settings; for objects, each entry is
 * overridden separately.
 * @param {Settings} settings @param {string} feed @returns {Settings}
 */
export function settingsOf(settings, feed) {
  const own = Object.hasOwn(settings.feeds, feed) ? settings.feeds[feed] : {};
  return /** @type {Settings} */ (overlaid(settings, own));
}

/** @param {unknown} all @param {unknown} own @returns {unknown} */
function overlaid(all, own) {
  if (!isObject(all) || !isObject(own)) return own;
  const names = Object.entries(own).map(([name, value]) => [name, overlaid(all[name], value)]);
  return { ...all, ...Object.fromEntries(names) };
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
