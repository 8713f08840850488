/**
 * Bearer tokens (docs/http.md#authentication). A token in the query is ignored. Every wrong token gets the same
 * response in the same time. After too many wrong tokens, an address is blocked for a while, but a valid token always
 * works.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { HttpEnv, Role } from "./env.ts";
import { Problem } from "./problem.ts";

export interface Tokens {
  admin: string;
  /** Can read everything except data about users. Null if it is not set. */
  read: string | null;
}

export interface TokenOptions {
  /** Read for each request, so that a rotated token works at once. */
  tokens: () => Promise<Tokens>;
  clock: Clock;
  log: Log;
}

/** Refuses requests without a valid token. With the read token, allows only GET and HEAD. */
export function requireToken({ tokens, clock, log }: TokenOptions): MiddlewareHandler<HttpEnv> {
  const wrongTokens = new WrongTokens(clock);
  return async (c, next) => {
    const given = c.req.header("authorization");
    const role = given === undefined ? null : roleOf(bearer(given), await tokens());
    if (role === null) throw refusal(given === undefined ? null : c.env?.address ?? "");
    if (role === "read" && !["GET", "HEAD"].includes(c.req.method)) throw new Problem(403, FORBIDDEN);
    c.set("role", role);
    // Tells the page what it may show.
    c.header("rosterd-role", role);
    await next();
  };

  function refusal(address: string | null): Problem {
    const wait = address === null ? 0 : wrongTokens.count(address);
    if (wait > 0) {
      return new Problem(429, "too many wrong tokens from this address: try again later", {
        headers: { "retry-after": String(wait) },
      });
    }
    if (address !== null) log.warn("http.wrong_token", { address });
    return new Problem(401, 'a valid token is required: send the header "Authorization: Bearer TOKEN"', {
      headers: { "www-authenticate": 'Bearer realm="rosterd"' },
    });
  }
}

export const adminOnly: MiddlewareHandler<HttpEnv> = async (c, next) => {
  if (c.get("role") !== "admin") throw new Problem(403, FORBIDDEN);
  await next();
};

const FORBIDDEN = "the read token does not allow this: use the admin token";

/** The token in the header (RFC 6750). Empty for any other scheme; an empty string is never a token. */
function bearer(authorization: string): string {
  return /^Bearer +(.*)$/is.exec(authorization)?.[1] ?? "";
}

/** Compares digests of a fixed length, so that the timing does not reveal the length of the token. */
function roleOf(given: string, { admin, read }: Tokens): Role | null {
  const digest = sha256(given);
  const isAdmin = timingSafeEqual(digest, sha256(admin));
  const isReader = read !== null && timingSafeEqual(digest, sha256(read));
  return isAdmin ? "admin" : isReader ? "read" : null;
}

function sha256(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

const MAX_WRONG_TOKENS = 10;
const WINDOW_MS = 60_000;
/** Limits the memory that a client with many addresses can use. */
const MAX_ADDRESSES = 10_000;

class WrongTokens {
  readonly #times = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** Counts one more wrong token. Returns the seconds to wait if there were too many already, otherwise 0. */
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
