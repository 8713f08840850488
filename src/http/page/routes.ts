/**
 * The admin page (docs/page.md). These routes need no token, because only the page's requests for data use
 * the token.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { HttpEnv } from "../env.ts";
import { Problem } from "../problem.ts";
import { errors, OPEN } from "../route.ts";
import { type Asset, ASSET_TYPES, ASSETS, SHELL } from "./assets.ts";

/**
 * The content security policy allows only files from this service. Trusted Types block every `innerHTML`, so that text
 * never becomes markup.
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

const KNOWN = { description: "The browser already has the current version." };
const TEXT = { schema: z.string() };
const DOCUMENT = { schema: z.looseObject({}) };

const getShell = createRoute({
  method: "get",
  path: "/",
  summary: "The admin page",
  ...OPEN,
  responses: { 200: { description: "The HTML of the page.", content: { "text/html": TEXT } }, 304: KNOWN },
});

const getAsset = createRoute({
  method: "get",
  path: "/assets/{name}",
  summary: "A file used by the admin page",
  ...OPEN,
  request: { params: z.object({ name: z.string() }) },
  responses: {
    200: {
      description: "The file.",
      content: Object.fromEntries(ASSET_TYPES.map((type) => [type, type === "application/json" ? DOCUMENT : TEXT])),
    },
    304: KNOWN,
    ...errors(404),
  },
});

export function addPage(app: OpenAPIHono<HttpEnv>): void {
  app.openapi(getShell, (c) => answer(c, SHELL) as never);
  app.openapi(getAsset, (c) => {
    const asset = ASSETS.get(c.req.valid("param").name);
    if (asset === undefined) throw new Problem(404, "this path does not exist");
    return answer(c, asset) as never;
  });
}

function answer(c: Context<HttpEnv>, { type, text, etag }: Asset): Response {
  const headers = { etag, "cache-control": "no-cache", "content-security-policy": PAGE_POLICY };
  if (isKnown(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, "content-type": type });
}

/** ETags are compared weakly (RFC 9110, 13.1.2), because a proxy may have weakened the ETag. */
function isKnown(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  return header.trim() === "*" || header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}
