/**
 * The routes for sign-in: read the holder of a token, and start a session with a sign-in link (docs/http.md#sign-in).
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ROLES } from "../domain/access.ts";
import { bodiless } from "./body.ts";
import type { HttpEnv } from "./env.ts";
import { mayDecide } from "./required_access.ts";
import { errors, json } from "./route.ts";
import { bearer, noValidToken, type TokenOptions } from "./tokens.ts";

const caller = z.object({
  name: z.string().describe("The name of the token; `by` in the history."),
  role: z.enum(ROLES),
  may_decide: z.boolean().describe("Whether the token currently allows approving, discarding and undoing."),
});

const started = caller.extend({
  token: z.string().describe("The token of this session."),
  expires_at: z.string().describe("RFC 3339, UTC. The session ends earlier if its token is removed."),
});

const getSession = createRoute({
  method: "get",
  path: "/session",
  summary: "Get a token's holder and rights",
  responses: { 200: json("The holder of the token.", caller) },
});

const startSession = createRoute({
  method: "post",
  path: "/session",
  summary: "Start a session with the single-use secret from a sign-in link; takes no body",
  middleware: bodiless,
  responses: { 200: json("The session.", started), ...errors(415, 422) },
});

export function addSessionRoutes(
  app: OpenAPIHono<HttpEnv>,
  { tokens, log }: TokenOptions,
  mayClerksDecide: () => Promise<boolean>,
): void {
  app.openapi(getSession, async (c) => c.json(await holder(c), 200));
  app.openapi(startSession, async (c) => {
    const issued = await tokens.startSession(bearer(c.req.header("authorization") ?? ""));
    // Another client has used the link since it was checked.
    if (issued === null) throw noValidToken();
    const { name, role } = c.get("caller");
    log.info("http.signed_in", { by: name, role });
    return c.json({ ...await holder(c), token: issued.secret, expires_at: issued.expiresAt.toISOString() }, 200);
  });

  async function holder(c: Context<HttpEnv>) {
    const { name, role } = c.get("caller");
    return { name, role, may_decide: await mayDecide(role, mayClerksDecide) };
  }
}
