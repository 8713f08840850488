/** Applies RFC 7396 merge patches to settings. */
import { InvalidSettings } from "./parse_settings.ts";

export type JsonObject = Record<string, unknown>;

/**
 * The maximum nesting depth. Valid settings are never nested this deeply. The limit keeps a hostile document from
 * exhausting the stack.
 */
const MAX_DEPTH = 16;

/**
 * Applies a patch (RFC 7396). A null removes the key, so that validation fills in the default. Existing keys keep their
 * order, and new keys come last. A patch that contains every existing key determines the order itself. Throws {@link
 * InvalidSettings}.
 */
export function mergePatch(target: unknown, patch: unknown, depth = 0): unknown {
  if (!isObject(patch)) return patch;
  if (depth > MAX_DEPTH) {
    throw new InvalidSettings([{ key: "", path: [], message: "the document is nested too deeply" }]);
  }
  const before = objectOr(target), isOrder = Object.keys(before).every((key) => Object.hasOwn(patch, key));
  const merged: JsonObject = isOrder ? {} : { ...before };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else define(merged, key, mergePatch(own(before, key), value, depth + 1));
  }
  return merged;
}

/** Sets the value at a path in a patch, such as `["smtp", "port"]`. */
export function addToPatch(patch: JsonObject, [key, ...inner]: readonly string[], value: unknown): void {
  if (inner.length === 0) return void define(patch, key, value);
  const nested = objectOr(own(patch, key));
  addToPatch(nested, inner, value);
  define(patch, key, nested);
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function objectOr(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function own(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as JsonObject)[key] : undefined;
}

/**
 * Sets a property of the object itself. A plain assignment to the key `__proto__` would change the prototype instead.
 */
function define(object: JsonObject, key: string, value: unknown): JsonObject {
  return Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}
