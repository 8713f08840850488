/**
 * Keeps other web pages away (fault list, G): a page of a foreign site that had its name pointed at this machine
 * gives itself away in `Host`, and one that sends a form across sites in `Origin`.
 */
import { isIP } from "node:net";
import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

export interface HostNames {
  /** The host name or address the service listens on. */
  listen: string;
  /** More names, lower case (contract, section 5, `--hosts`). */
  more: readonly string[];
}

/** Refuses requests under a foreign name, and unsafe ones from a foreign page. */
export function refuseForeigners({ listen, more }: HostNames): MiddlewareHandler {
  const names = new Set(["localhost", "127.0.0.1", "::1", listen.toLowerCase(), ...more.map(withoutBrackets)]);
  // Which addresses this machine has is not known here. A rebound page always comes under a name, never an address.
  const anyAddress = listen === "0.0.0.0" || listen === "::";
  const isOurs = (name: string | null) => name !== null && (names.has(name) || (anyAddress && isIP(name) !== 0));
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    if (!isOurs(hostName(`http://${host}`))) {
      throw new Problem(421, "the service is not known under this name; name it with --hosts (ROSTERD_HOSTS)");
    }
    const origin = c.req.header("origin");
    const isSafe = c.req.method === "GET" || c.req.method === "HEAD";
    if (!isSafe && origin !== undefined && !isSameSite(origin, host)) throw new Problem(403, "not from another site");
    await next();
  };

  /** A proxy in front may speak https and give another port; it must then be one of the names given. */
  function isSameSite(origin: string, host: string): boolean {
    const name = hostName(origin);
    return /^https?:\/\//.test(origin) && name !== null &&
      (origin.replace(/^https?:\/\//, "").toLowerCase() === host.toLowerCase() || more.includes(name));
  }
}

/** The name in an address, without port and brackets; null when it is no address. */
function hostName(address: string): string | null {
  const url = URL.parse(address);
  if (url === null || url.hostname === "" || url.username !== "" || url.pathname !== "/") return null;
  return withoutBrackets(url.hostname.toLowerCase());
}

function withoutBrackets(name: string): string {
  return name.replace(/^\[|\]$/g, "");
}
