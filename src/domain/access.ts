/** Who may use HTTP: the roles, and the credentials that carry them (docs/http.md#authentication). */

/** Each role may do everything that the roles before it may. */
export const ROLES = ["read", "clerk", "admin"] as const;
export type Role = typeof ROLES[number];

export function hasRole(role: Role, required: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(required);
}

/** `link` starts one session and allows nothing else; `session` is the sign-in of one browser tab. */
export const CREDENTIAL_KINDS = ["token", "link", "session"] as const;

/** A secret that a client may send as its bearer token. Only the digest of the secret is known. */
export interface Credential {
  /** The name of the token that the credential belongs to. */
  name: string;
  role: Role;
  kind: typeof CREDENTIAL_KINDS[number];
  /** The SHA-256, as 64 hexadecimal digits. */
  sha256: string;
}

/** The tokens in the process settings. A named token cannot have the name of one of these. */
export const ADMIN_TOKEN = "admin" satisfies Role;
export const READ_TOKEN = "read" satisfies Role;

/** The secret of a new sign-in, and when it stops working. */
export interface Issued {
  secret: string;
  expiresAt: Date;
}
