/** The calls by which people decide about an import: approve or discard what it held, or undo it (contract, section 3). */
import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { HttpEnv } from "./env.ts";
import { found } from "./import_routes.ts";
import { errors, importPath, json } from "./route.ts";
import { approved, discarded, undone } from "./schemas.ts";
import type { Service } from "./service.ts";

const request = { params: importPath };
/** 409: it cannot be, and `problems` says why. */
const refusals = errors(403, 404, 409, 422, 503);

const approve = createRoute({
  method: "post",
  path: "/imports/{id}/approve",
  summary: "Let happen what the guard held; no body is wanted",
  request,
  responses: { 200: json("What it came to.", approved), ...refusals },
});

const discard = createRoute({
  method: "post",
  path: "/imports/{id}/discard",
  summary: "Forget what the guard held; no body is wanted",
  request,
  responses: { 200: json("What it came to.", discarded), ...refusals },
});

const undo = createRoute({
  method: "post",
  path: "/imports/{id}/undo",
  summary: "Put back what the latest import changed; no body is wanted",
  request,
  responses: { 200: json("What it came to.", undone), ...refusals },
});

/** Adds the calls to `app`. */
export function addDecisionRoutes(app: OpenAPIHono<HttpEnv>, { decisions }: Service): void {
  app.openapi(approve, async (c) => {
    return c.json(found(await decisions.approve(c.req.valid("param").id, c.req.raw.signal)), 200);
  });
  app.openapi(discard, async (c) => {
    return c.json(found(await decisions.discard(c.req.valid("param").id, c.req.raw.signal)), 200);
  });
  app.openapi(undo, async (c) => {
    return c.json(found(await decisions.undo(c.req.valid("param").id, c.req.raw.signal)), 200);
  });
}
