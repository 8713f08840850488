/**
 * Refuses requests from other web pages. The header `Host` reveals DNS rebinding, and the header `Origin` reveals a
 * cross-site form.
 */
import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

export interface HostNames {
  /** The host name or address that the service listens on. */
  listen: string;
  /** The names in `--hosts`, in lower case (docs/operations.md#process-settings). */
  more: readonly string[];
}

/** Refuses requests to a foreign host name, and unsafe requests from another site's page. */
export function refuseForeigners({ listen, more }: HostNames): MiddlewareHandler {
  const names = new Set(["localhost", "127.0.0.1", "::1", listen.toLowerCase(), ...more.map(withoutBrackets)]);
  // Any IP address is accepted, because DNS rebinding needs a host name, and the addresses of this machine are unknown
  // here.
  const anyAddress = listen === "0.0.0.0" || listen === "::";
  const isOurs = (name: string | null) => name !== null && (names.has(name) || (anyAddress && isIP(name) !== 0));
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isOurs(hostName(`http://${host}`))) {
      throw new Problem(421, "the service does not accept this host name: add it with --hosts (ROSTERD_HOSTS)");
    }
    const origin = c.req.header("origin");
    const isSafe = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isSafe && origin !== undefined && !isSameSite(origin, host)) {
      throw new Problem(403, "requests from another site are refused");
    }
    await next();
  };

  /** A reverse proxy may use https and another port, but its host name must be in `more`. */
  function isSameSite(origin: string, host: string): boolean {
    const name = hostName(origin);
    return /^https?:\/\//.test(origin) && name !== null &&
      (origin.replace(/^https?:\/\//, "").toLowerCase() === host.toLowerCase() || more.includes(name));
  }
}

/**
 * The host name in a URL, without the port and brackets; null if the URL is not valid, or has a user name or a path.
 */
function hostName(address: string): string | null {
  const url = URL.parse(address);
  if (url === null || url.hostname === "" || url.username !== "" || url.pathname !== "/") return null;
  return withoutBrackets(url.hostname.toLowerCase());
}

function withoutBrackets(name: string): string {
  return name.replace(/^\[|\]$/g, "");
}
