/** The routes for imports: scan the folder now, and read the history, the failures and the held users. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { IMPORT_STATUSES, OUTCOMES } from "../domain/outcome.ts";
import { bodiless } from "./body.ts";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";
import { errors, importPath, json, uniqueId, wholeNumber } from "./route.ts";
import {
  changePage,
  dayList,
  failurePage,
  heldPage,
  importEntry,
  importPage,
  lastingFailures,
  replayed,
} from "./schemas.ts";
import type { Service } from "./service.ts";

const feedName = z.string({ error: "must be given once" }).max(32, { error: "must be the name of a feed" });

const time = z.iso.datetime({ offset: true, error: "must be a time such as 2026-11-30T00:00:00Z" });

const listImports = createRoute({
  method: "get",
  path: "/imports",
  summary: "List imports, newest first",
  request: {
    query: z.strictObject({
      limit: wholeNumber(1, 200).default(50),
      before: wholeNumber(1).optional(),
      status: z.enum(IMPORT_STATUSES, { error: `must be one of ${IMPORT_STATUSES.join(", ")}` }).optional(),
      since: time.optional().describe("List only imports that started at this time or later."),
      until: time.optional().describe("List only imports that started before this time."),
      file: z.string({ error: "must be given once" }).max(255, { error: "must have at most 255 characters" })
        .refine((text) => !text.includes("\0"), { error: "must not contain a NUL character" }).optional()
        .describe("List only imports of files whose name contains this text, ignoring case."),
      feed: feedName.optional().describe("Only imports of this feed; empty for the upload folder itself."),
    }),
  },
  responses: { 200: json("One page of imports.", importPage), ...errors(422, 503) },
});

const zone = z.string({ error: "must be given once" }).refine(isTimeZone, {
  error: "must be a time zone such as America/Toronto",
});

const listDays = createRoute({
  method: "get",
  path: "/days",
  summary: "List the totals for each day with imports, oldest first",
  request: {
    query: z.strictObject({
      days: wholeNumber(1, 366).default(42),
      zone: zone.default("UTC"),
      feed: feedName.optional().describe("Only imports of this feed; empty for the upload folder itself."),
    }),
  },
  responses: { 200: json("The days.", dayList), ...errors(422, 503) },
});

const listFailing = createRoute({
  method: "get",
  path: "/failures",
  summary: "List the records that have failed for several nights and still fail, longest first",
  request: {
    query: z.strictObject({
      nights: wholeNumber(1, 28).default(3).describe(
        "Minimum number of days from the first import with the failure to the last, inclusive.",
      ),
      zone: zone.default("UTC"),
      limit: wholeNumber(1, 1_000).default(100),
    }),
  },
  responses: { 200: json("The records.", lastingFailures), ...errors(422, 503) },
});

const flag = z.enum(["true", "false"], { error: "must be true or false" }).default("false");

const replayImports = createRoute({
  method: "post",
  path: "/imports/replay",
  summary: "Import the rosters in bak that the database does not know (the request has no body)",
  middleware: bodiless,
  request: {
    query: z.strictObject({
      since: time.optional().describe("Include only rosters that were imported at this time or later."),
      dry_run: flag.describe("Only list the rosters."),
      dismiss: flag.describe("Mark all missing rosters as known without importing them."),
    }),
  },
  responses: { 200: json("The rosters.", replayed), ...errors(409, 415, 422, 503) },
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
  summary: "List the changes that an import made, by unique_id",
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
  app.openapi(listDays, async (c) => c.json({ days: await imports.days(c.req.valid("query")) }, 200));
  app.openapi(listFailing, async (c) => c.json(await imports.failing(c.req.valid("query")), 200));
  app.openapi(replayImports, async (c) => {
    const { since, dry_run, dismiss } = c.req.valid("query"), { by } = c.get("caller");
    if (dismiss === "true") return c.json({ rosters: await service.dismissMissing(by), left_out: [] }, 200);
    const request = { since: since === undefined ? null : new Date(since), isDryRun: dry_run === "true", by };
    return c.json(await service.replay(request), 200);
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

/** Refuses offsets such as +05:00, which PostgreSQL reads with the opposite sign. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
