/** Parses the place in the page from the part of the address after `#`, so that links can be shared. Pure functions. */

/** @typedef {{ name: string, rest: string, query: URLSearchParams }} Route */

/**
 * Splits an address: `#/imports/12?x=y` becomes `imports`, `12` and `x=y`.
 * @param {string} hash
 * @returns {Route}
 */
export function parseRoute(hash) {
  const [, name = "", rest = "", query = ""] = /^#\/?([^/?]*)(?:\/([^?]*))?(?:\?(.*))?$/.exec(hash) ?? [];
  return { name, rest, query: new URLSearchParams(query) };
}

/**
 * The secret in the address of a sign-in link (`rosterd token link`): `#/sign-in/SECRET`. Returns null for any other
 * address.
 * @param {string} hash
 */
export function signInSecret(hash) {
  return /^#\/sign-in\/([A-Za-z0-9_-]+)$/.exec(hash)?.[1] ?? null;
}

/**
 * A link to the history.
 * @param {Record<string, string | number | null>} parameters
 */
export function importsLink(parameters) {
  const given = Object.entries(parameters).filter(([, value]) => value !== null);
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
  return given.length === 0 ? "#/imports" : `#/imports?${query}`;
}

/**
 * A link to the users that an import changed.
 * @param {number} id
 * @param {string | null} outcome Links only to the users with this outcome.
 */
export function changesLink(id, outcome) {
  return `#/imports/${id}/changes${outcome === null ? "" : `?outcome=${outcome}`}`;
}

/**
 * The beginning of a day, or of a later day, in the time zone of the browser. @param {string} day Such as 2026-11-30.
 */
export function midnight(day, later = 0) {
  const time = new Date(`${day}T00:00`);
  time.setDate(time.getDate() + later);
  return Number.isNaN(time.getTime()) ? day : time.toISOString();
}
