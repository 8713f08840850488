/** The routes for imports: scan the folder now, and read the history, the failures and the held users. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { IMPORT_STATUSES, OUTCOMES } from "../domain/outcome.ts";
import { bodiless } from "./body.ts";
import { gone, type HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";
import { errors, importPath, json, uniqueId, wholeNumber } from "./route.ts";
import { changePage, failurePage, heldPage, importEntry, importList, importPage } from "./schemas.ts";
import type { Service } from "./service.ts";

const feedName = z.string({ error: "must be given once" }).max(32, { error: "must be the name of a feed" });

const listImports = createRoute({
  method: "get",
  path: "/imports",
  summary: "List imports, newest first",
  request: {
    query: z.strictObject({
      limit: wholeNumber(1, 200).default(50),
      before: wholeNumber(1).optional(),
      status: z.enum(IMPORT_STATUSES, { error: `must be one of ${IMPORT_STATUSES.join(", ")}` }).optional(),
      feed: feedName.optional().describe("Only imports of this feed; empty for the upload folder itself."),
    }),
  },
  responses: { 200: json("One page of imports.", importPage), ...errors(422, 503) },
});

const startTurn = createRoute({
  method: "post",
  path: "/imports",
  summary: "Scan the upload folder now; takes no body",
  middleware: bodiless,
  request: {
    query: z.strictObject({ wait: z.enum(["true", "false"], { error: "must be true or false" }).default("false") }),
  },
  responses: {
    200: json("With wait=true: the imports of a scan that began after the call.", importList),
    202: json("The scan was requested. The list is empty.", importList),
    ...errors(409, 415, 422, 503),
  },
});

const getImport = createRoute({
  method: "get",
  path: "/imports/{id}",
  summary: "Get one import",
  request: { params: importPath },
  responses: { 200: json("The import.", importEntry), ...errors(404, 422, 503) },
});

const listFailures = createRoute({
  method: "get",
  path: "/imports/{id}/failures",
  summary: "List the failures of an import, by line",
  request: {
    params: importPath,
    query: z.strictObject({ limit: wholeNumber(1, 1_000).default(100), after: wholeNumber(0).optional() }),
  },
  responses: { 200: json("One page of failures.", failurePage), ...errors(404, 422, 503) },
});

const listHeld = createRoute({
  method: "get",
  path: "/imports/{id}/held",
  summary: "List the users that the archive guard held, or the columns for which the change guard held the file",
  request: {
    params: importPath,
    query: z.strictObject({ limit: wholeNumber(1, 1_000).default(100), after: uniqueId.optional() }),
  },
  responses: { 200: json("One page of held users.", heldPage), ...errors(404, 422, 503) },
});

const listChanges = createRoute({
  method: "get",
  path: "/imports/{id}/changes",
  summary: "List what an import changed, by unique_id",
  request: {
    params: importPath,
    query: z.strictObject({
      limit: wholeNumber(1, 1_000).default(100),
      after: uniqueId.optional(),
      outcome: z.enum(OUTCOMES, { error: `must be one of ${OUTCOMES.join(", ")}` }).optional(),
    }),
  },
  responses: { 200: json("One page of users.", changePage), ...errors(404, 422, 503) },
});

export function addImportRoutes(app: OpenAPIHono<HttpEnv>, service: Service): void {
  const { imports } = service;
  app.openapi(listImports, async (c) => c.json(await imports.list(c.req.valid("query")), 200));
  app.openapi(startTurn, async (c) => {
    const wait = c.req.valid("query").wait === "true";
    return c.json({ imports: await service.turn(wait, gone(c)) }, wait ? 200 : 202);
  });
  app.openapi(getImport, async (c) => c.json(found(await imports.get(c.req.valid("param").id)), 200));
  app.openapi(listFailures, async (c) => {
    const page = await imports.failures(c.req.valid("param").id, c.req.valid("query"));
    return c.json(found(page), 200);
  });
  app.openapi(listHeld, async (c) => {
    const page = await imports.held(c.req.valid("param").id, c.req.valid("query"));
    return c.json(found(page), 200);
  });
  app.openapi(listChanges, async (c) => {
    const page = await imports.changes(c.req.valid("param").id, c.req.valid("query"));
    return c.json(found(page), 200);
  });
}

export function found<T>(value: T | null): T {
  if (value === null) throw new Problem(404, "this import does not exist");
  return value;
}
