/** Roles and credentials for HTTP (docs/http.md#authentication). */

/** The roles, in ascending order. Each role has all the rights of the roles listed before it. */
export const ROLES = ["read", "clerk", "admin"] as const;
export type Role = typeof ROLES[number];

export function hasRole(role: Role, required: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(required);
}

/** `link`: a sign-in link, which can start only one session. `session`: the sign-in of one browser tab. */
export const CREDENTIAL_KINDS = ["token", "link", "session"] as const;

/** A secret that a client may send as its bearer token. rosterd stores only the digest of the secret. */
export interface Credential {
  /** The name of the token that the credential belongs to. */
  name: string;
  role: Role;
  kind: typeof CREDENTIAL_KINDS[number];
  /** The SHA-256 digest, as 64 hexadecimal digits. */
  sha256: string;
}

/** The names of the tokens in the process settings. No other token can have one of these names. */
export const ADMIN_TOKEN = "admin" satisfies Role;
export const READ_TOKEN = "read" satisfies Role;

/** The secret of a new sign-in link or session, and when it expires. */
export interface Issued {
  secret: string;
  expiresAt: Date;
}
