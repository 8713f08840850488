/**
 * Who asks: bearer tokens (contract, section 6). A token in the query is never looked at. The answer to a wrong token
 * is the same whatever was wrong with it, in the same time; too many of them are slowed down, the right one never.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Clock } from "../runtime/clock.ts";
import type { Log } from "../runtime/log.ts";
import type { HttpEnv, Role } from "./env.ts";
import { Problem } from "./problem.ts";

export interface Tokens {
  admin: string;
  /** May read all but what names users; null: there is none. */
  read: string | null;
}

export interface TokenOptions {
  /** Asked anew for each request, so that a rotated token holds at once. */
  tokens: () => Promise<Tokens>;
  clock: Clock;
  log: Log;
}

/** Lets through only who shows a token, and with the read token only to read. */
export function requireToken({ tokens, clock, log }: TokenOptions): MiddlewareHandler<HttpEnv> {
  const wrongTokens = new WrongTokens(clock);
  return async (c, next) => {
    const given = c.req.header("authorization");
    const role = given === undefined ? null : roleOf(bearer(given), await tokens());
    if (role === null) throw refusal(given === undefined ? null : c.env?.address ?? "");
    if (role === "read" && !["GET", "HEAD"].includes(c.req.method)) throw new Problem(403, FORBIDDEN);
    c.set("role", role);
    // So that the page need not guess what it may show.
    c.header("rosterd-role", role);
    await next();
  };

  function refusal(address: string | null): Problem {
    const wait = address === null ? 0 : wrongTokens.count(address);
    if (wait > 0) return new Problem(429, "too many wrong tokens", { headers: { "retry-after": String(wait) } });
    if (address !== null) log.warn("http.wrong_token", { address });
    return new Problem(401, "a token is wanted: Authorization: Bearer TOKEN", {
      headers: { "www-authenticate": 'Bearer realm="rosterd"' },
    });
  }
}

/** For calls that show what the read token may not see. */
export const adminOnly: MiddlewareHandler<HttpEnv> = async (c, next) => {
  if (c.get("role") !== "admin") throw new Problem(403, FORBIDDEN);
  await next();
};

const FORBIDDEN = "the read token may not do this";

/** What comes after the scheme (RFC 6750); of another scheme nothing, which is never a token. */
function bearer(authorization: string): string {
  return /^Bearer +(.*)$/is.exec(authorization)?.[1] ?? "";
}

/** Digests have one length, so that the comparison tells nothing of the token's. */
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
/** Bounds the memory that somebody with many addresses can take. */
const MAX_ADDRESSES = 10_000;

/** Counts wrong tokens by address. */
class WrongTokens {
  readonly #times = new Map<string, number[]>();

  constructor(private readonly clock: Clock) {}

  /** Counts one more; the seconds to wait when there were too many already, else 0. */
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
