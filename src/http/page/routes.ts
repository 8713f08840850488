/**
 * The admin page (contract, section 6): its shell under `/`, and what the shell loads under `/assets/`. Open to anybody, for
 * there is no data in it: the page asks for data as every script does, with the token.
 */
import type { Context, Hono } from "hono";
import type { HttpEnv } from "../env.ts";
import { Problem } from "../problem.ts";
import { type Asset, ASSETS, SHELL } from "./assets.ts";

/**
 * Nothing but what comes from here; no inline script or style, no frame, no form that leaves. Text can never become markup:
 * the browser refuses every `innerHTML` (trusted types).
 */
const PAGE_POLICY = [
  "default-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Adds the page to `app`. It is no call, so `/openapi.json` does not list it. */
export function addPage(app: Hono<HttpEnv>): void {
  app.get("/", (c) => answer(c, SHELL));
  app.get("/assets/:name", (c) => {
    const asset = ASSETS.get(c.req.param("name"));
    if (asset === undefined) throw new Problem(404, "there is nothing under this path");
    return answer(c, asset);
  });
}

function answer(c: Context<HttpEnv>, { type, text, etag }: Asset): Response {
  const headers = { etag, "cache-control": "no-cache", "content-security-policy": PAGE_POLICY };
  if (isKnown(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, "content-type": type });
}

/** RFC 9110, 13.1.2: a proxy may have made the tag a weak one. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
