/**
 * Flattens settings to dotted keys (`smtp.port`), compares settings, formats values for people, and creates merge
 * patches. Pure functions.
 */

/** @typedef {import("../../../domain/settings.ts").Settings} Settings */
/** @typedef {Record<string, unknown>} Flat */

/** Objects whose keys are separate settings. Other objects, such as `header_aliases`, are single values. */
const NESTED = new Set(["archive_guard", "change_guard", "smtp"]);

/**
 * @param {Settings} settings
 * @returns {Flat}
 */
export function flatten(settings) {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([key, value]) =>
      NESTED.has(key) ? Object.entries(value).map(([inner, each]) => [`${key}.${inner}`, each]) : [[key, value]]
    ),
  );
}

/** @param {unknown} one @param {unknown} other */
export function isSame(one, other) {
  return canonical(one) === canonical(other);
}

/** JSON with sorted names, because the order of names has no meaning. @param {unknown} value @returns {string} */
function canonical(value) {
  if (!isObject(value)) return JSON.stringify(value);
  const names = Object.entries(value).map(([name, each]) => [name, canonical(each)]);
  return JSON.stringify(names.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Returns the RFC 7396 merge patch that changes `from` into `to`. Undefined values, and names that an object no longer
 * has, become null.
 * @param {Flat} from
 * @param {Flat} to
 */
export function patchOf(from, to) {
  /** @type {Map<string, unknown>} */
  const patch = new Map();
  for (const [key, value] of Object.entries(to)) {
    if (isSame(from[key], value)) continue;
    const [outer, inner] = key.split(".");
    if (inner === undefined) patch.set(key, isObject(value) ? objectPatch(from[key], value) : value ?? null);
    else patch.set(outer, { ...(/** @type {object | undefined} */ (patch.get(outer))), [inner]: value ?? null });
  }
  return Object.fromEntries(patch);
}

/** @param {unknown} from @param {Record<string, unknown>} to @returns {Record<string, unknown>} */
function objectPatch(from, to) {
  const before = isObject(from) ? from : {};
  const gone = Object.keys(before).filter((name) => !Object.hasOwn(to, name)).map((name) => [name, null]);
  const now = Object.entries(to).map(([name, value]) => [
    name,
    isObject(value) ? objectPatch(Object.hasOwn(before, name) ? before[name] : {}, value) : value,
  ]);
  return Object.fromEntries([...gone, ...now]);
}

/** A value in words, for people. @param {unknown} value @returns {string} */
export function inWords(value) {
  if (value === "" || value === undefined || value === null) return "empty";
  if (value === true) return "on";
  if (value === false) return "off";
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (!isObject(value)) return String(value);
  const pairs = Object.entries(value).map(([name, each]) =>
    isObject(each) ? `${name}: ${inWords(each)}` : `${name} → ${inWords(each)}`
  );
  const isNested = Object.values(value).some(isObject);
  return pairs.length === 0 ? "none" : pairs.join(isNested ? "; " : ", ");
}
