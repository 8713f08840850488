/** The routes for deciding on an import: approve, discard and undo (docs/http.md#decisions). */
import { createRoute, type OpenAPIHono, type z } from "@hono/zod-openapi";
import { bodiless } from "./body.ts";
import { gone, type HttpEnv } from "./env.ts";
import { found } from "./import_routes.ts";
import { errors, importPath, json } from "./route.ts";
import { approved, discarded, undone } from "./schemas.ts";
import type { Service } from "./service.ts";

function decision<const W extends string, T extends z.ZodType>(word: W, summary: string, outcome: T) {
  return createRoute({
    method: "post",
    path: `/imports/{id}/${word}`,
    summary: `${summary}; takes no body`,
    middleware: bodiless,
    request: { params: importPath },
    // 409: the decision is not possible, and `problems` contains the reason.
    responses: { 200: json("The result.", outcome), ...errors(404, 409, 415, 422, 503) },
  });
}

const approve = decision("approve", "Approve the changes or the file that an import holds", approved);
const discard = decision("discard", "Discard the changes or the file that an import holds", discarded);
const undo = decision("undo", "Undo the latest import that changed users", undone);

export function addDecisionRoutes(app: OpenAPIHono<HttpEnv>, { decisions }: Service): void {
  app.openapi(approve, async (c) => {
    return c.json(found(await decisions.approve(c.req.valid("param").id, gone(c), c.get("caller").by)), 200);
  });
  app.openapi(discard, async (c) => {
    return c.json(found(await decisions.discard(c.req.valid("param").id, gone(c), c.get("caller").by)), 200);
  });
  app.openapi(undo, async (c) => {
    return c.json(found(await decisions.undo(c.req.valid("param").id, gone(c), c.get("caller").by)), 200);
  });
}
