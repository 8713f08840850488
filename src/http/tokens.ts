/**
 * Bearer tokens (docs/http.md#authentication). A token in the query is ignored. All wrong tokens get the same response
 * after the same time. After too many wrong tokens, an address is blocked for a while, but a valid token always works.
 */
import type { Context, MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import { ADMIN_TOKEN, type Credential, hasRole, type Issued, type Role } from "../domain/access.ts";
import type { Clock } from "../runtime/clock.ts";
import { type Log, printable } from "../runtime/log.ts";
import { isSameDigest, secretDigest } from "../runtime/secrets.ts";
import type { Caller, HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";
import { type Access, mayDecide, requiredAccess } from "./required_access.ts";

export interface Tokens {
  /** Called for each request, so that adding, rotating or removing a token takes effect at once. */
  credentials(): Promise<readonly Credential[]>;
  /** Exchanges the secret of a sign-in link for the secret of a session. Returns null if the link no longer works. */
  startSession(link: string): Promise<Issued | null>;
}

export interface TokenOptions {
  tokens: Tokens;
  clock: Clock;
  log: Log;
}

/** Refuses requests without a valid token, and calls that the role of the token does not allow. */
export function requireToken(
  { tokens, clock, log }: TokenOptions,
  mayClerksDecide: () => Promise<boolean>,
): MiddlewareHandler<HttpEnv> {
  const wrongTokens = new WrongTokens(clock);
  return async (c, next) => {
    const given = c.req.header("authorization");
    const credential = given === undefined ? null : matching(bearer(given), await tokens.credentials());
    const access = accessOf(c);
    // Only calls with the access `link` accept a sign-in link.
    if (credential === null || credential.kind === "link" && access !== "link") {
      throw refusal(given === undefined ? null : c.env?.address ?? "");
    }
    const { name, role } = credential;
    if (access === "link" && credential.kind !== "link") throw new Problem(403, NEEDS_LINK);
    if (access !== null) await requireAccess(role, access);
    c.set("caller", { name, role, by: whoDecides(c, name) });
    await next();
  };

  async function requireAccess(role: Role, access: Access): Promise<void> {
    if (access === "decide") {
      if (await mayDecide(role, mayClerksDecide)) return;
      throw new Problem(403, role === "clerk" ? CLERKS_DO_NOT_DECIDE : forbidden(role, "admin"));
    }
    if (access !== "link" && !hasRole(role, access)) throw new Problem(403, forbidden(role, access));
  }

  function refusal(address: string | null): Problem {
    const wait = address === null ? 0 : wrongTokens.count(address);
    if (wait > 0) {
      return new Problem(429, "too many wrong tokens from this address: try again later", {
        headers: { "retry-after": String(wait) },
      });
    }
    if (address !== null) log.warn("http.wrong_token", { address });
    return noValidToken();
  }
}

export function noValidToken(): Problem {
  return new Problem(401, 'a valid token is required: send the header "Authorization: Bearer TOKEN"', {
    headers: { "www-authenticate": 'Bearer realm="rosterd"' },
  });
}

const NEEDS_LINK = 'this call needs a sign-in link: "rosterd token link NAME" prints one';
const CLERKS_DO_NOT_DECIDE =
  "clerks may not decide: ask an admin to decide, or to turn on the setting clerks_may_decide";

function forbidden(role: Role, required: Role): string {
  return `the role ${role} does not allow this: use a token with the role ${required}`;
}

/** The access that the call requires; null if no route matches. */
function accessOf(c: Context<HttpEnv>): Access | null {
  const call = matchedRoutes(c).find(({ method }) => method !== "ALL");
  return call === undefined ? null : requiredAccess(call.method, call.path.replace(/:(\w+)/g, "{$1}"));
}

const MAX_USER_LENGTH = 100;

/**
 * Commands use the admin token and send the name of the user who ran them. For any other token, the name is that of the
 * token.
 */
function whoDecides(c: Context<HttpEnv>, name: string): Caller["by"] {
  const user = name === ADMIN_TOKEN ? printable(c.req.header("rosterd-user") ?? "").slice(0, MAX_USER_LENGTH) : "";
  return user || name;
}

/** The token in the header (RFC 6750); an empty string for any other scheme. An empty string is never a valid token. */
export function bearer(authorization: string): string {
  return /^Bearer +(.*)$/is.exec(authorization)?.[1] ?? "";
}

/** Compares all digests, each in constant time, so that the timing reveals neither the token nor its length. */
function matching(given: string, credentials: readonly Credential[]): Credential | null {
  const digest = secretDigest(given);
  return credentials.filter(({ sha256 }) => isSameDigest(sha256, digest))[0] ?? null;
}

const MAX_WRONG_TOKENS = 10;
const WINDOW_MS = 60_000;
/** Limits the memory that a client with many addresses can use. */
const MAX_ADDRESSES = 10_000;

class WrongTokens {
  readonly #times = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** Counts another wrong token. Returns the number of seconds to wait after too many wrong tokens, otherwise 0. */
  count(address: string): number {
    const now = this.clock.elapsed();
    const recent = (this.#times.get(address) ?? []).filter((time) => now - time < WINDOW_MS);
    if (recent.length >= MAX_WRONG_TOKENS) return Math.ceil((recent[0] + WINDOW_MS - now) / 1_000);
    this.#times.delete(address);
    this.#times.set(address, [...recent, now]);
    if (this.#times.size > MAX_ADDRESSES) this.#times.delete(this.#times.keys().next().value!);
    return 0;
  }
}
