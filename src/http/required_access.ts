/**
 * The access that each call requires, in one table (docs/http.md#authentication). A call that is not listed requires an
 * admin.
 */
import { hasRole, type Role, ROLES } from "../domain/access.ts";

/** `decide`: an admin, or a clerk while `clerks_may_decide` is on. `link`: a sign-in link instead of a token. */
export type Access = Role | "decide" | "link";

export const REQUIRED_ACCESS: Readonly<Record<string, Access>> = {
  "GET /session": "read",
  "POST /session": "link",
  "GET /status": "read",
  "GET /metrics": "read",
  "GET /doctor": "admin",
  "GET /settings": "read",
  "PATCH /settings": "admin",
  "PUT /settings": "admin",
  "GET /settings/history": "read",
  "POST /settings/test-mail": "admin",
  "GET /imports": "read",
  "POST /imports": "clerk",
  "GET /days": "read",
  "GET /failures": "clerk",
  "POST /imports/replay": "admin",
  "GET /imports/{id}": "read",
  "GET /imports/{id}/failures": "clerk",
  "GET /imports/{id}/failed.csv": "clerk",
  "GET /imports/{id}/file": "clerk",
  "GET /imports/{id}/held": "clerk",
  "GET /imports/{id}/changes": "clerk",
  "GET /imports/{id}/changes.csv": "clerk",
  "POST /imports/{id}/approve": "decide",
  "POST /imports/{id}/discard": "decide",
  "POST /imports/{id}/undo": "decide",
  "POST /check": "clerk",
  "GET /users": "clerk",
  "GET /users/{unique_id}": "clerk",
  "POST /users/{unique_id}/erase": "admin",
};

/** `path` is written as in OpenAPI: `/imports/{id}`. */
export function requiredAccess(method: string, path: string): Access {
  return REQUIRED_ACCESS[`${method.toUpperCase()} ${path}`] ?? "admin";
}

/** The roles that have this access, lowest first, for OpenAPI. The list is empty for a sign-in link. */
export function rolesWith(access: Access): Role[] {
  const lowest = access === "decide" ? "clerk" : access;
  return ROLES.filter((role) => lowest !== "link" && hasRole(role, lowest));
}

export async function mayDecide(role: Role, mayClerksDecide: () => Promise<boolean>): Promise<boolean> {
  return hasRole(role, "admin") || hasRole(role, "clerk") && await mayClerksDecide();
}
