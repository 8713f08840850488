/**
 * The HTTP interface (docs/http.md) as one function from request to response. This module does not open a socket;
 * `serve.ts` does.
 */
import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { BrokenSettingsFile } from "../domain/stored_settings.ts";
import { answerTo } from "./answer.ts";
import { readBodies } from "./body.ts";
import { addDecisionRoutes } from "./decision_routes.ts";
import type { HttpEnv } from "./env.ts";
import { addFileRoutes } from "./file_routes.ts";
import { addImportRoutes } from "./import_routes.ts";
import { addDocument } from "./openapi.ts";
import { type HostNames, refuseForeigners } from "./origin.ts";
import { addPage } from "./page/routes.ts";
import { Problem } from "./problem.ts";
import { refuseParameters } from "./route.ts";
import type { Service } from "./service.ts";
import { addSessionRoutes } from "./session_routes.ts";
import { addSettingsRoutes } from "./settings_routes.ts";
import { addOpenRoutes, addStatusRoutes } from "./status_routes.ts";
import { requireToken, type TokenOptions } from "./tokens.ts";
import { addUserRoutes } from "./user_routes.ts";

export interface HttpOptions extends TokenOptions {
  version: string;
  hosts: HostNames;
  /** Time limit for a whole body or, for `POST /check`, for each chunk. */
  bodyTimeoutMs?: number;
}

/** Creates the interface. Tests call it without a socket through `app.request()`. */
export function createHttp(service: Service, options: HttpOptions): OpenAPIHono<HttpEnv> {
  const { log, bodyTimeoutMs = 20_000 } = options;
  const app = new OpenAPIHono<HttpEnv>({ defaultHook: refuseParameters });
  app.onError((error, c) => answerTo(error, c, log));
  app.notFound((c) => notFound(app, c.req.path).response());

  app.use(headAsGet);
  app.use(protectiveHeaders);
  app.use(refuseForeigners(options.hosts));
  addPage(app);
  addOpenRoutes(app, service);
  addDocument(app, options.version);
  const clerksMayDecide = () => mayClerksDecide(service);
  app.use(requireToken(options, clerksMayDecide));
  app.use(readBodies(bodyTimeoutMs));
  addSessionRoutes(app, options, clerksMayDecide);
  addStatusRoutes(app, service);
  addSettingsRoutes(app, service);
  addImportRoutes(app, service);
  addDecisionRoutes(app, service);
  addUserRoutes(app, service);
  addFileRoutes(app, service, { log, bodyTimeoutMs });
  return app;
}

/** If the settings file cannot be used, only admins may decide on imports. */
async function mayClerksDecide({ settings }: Service): Promise<boolean> {
  try {
    return (await settings.read()).settings.clerks_may_decide;
  } catch (error) {
    if (error instanceof BrokenSettingsFile) return false;
    throw error;
  }
}

/**
 * Gives the response to HEAD the same length as the response to GET (RFC 9110, 8.6), and closes the body, which is not
 * sent. A file that is generated during the response has no known length.
 */
const headAsGet: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  // `body` is read only for HEAD, because reading it turns any other response into a stream without a length.
  if (c.req.method !== "HEAD" || c.res.body === null) return;
  const { body, headers } = c.res;
  if (headers.has("content-length") || headers.has("content-disposition")) await body.cancel();
  else headers.set("content-length", String((await c.res.arrayBuffer()).byteLength));
};

const PROTECTIVE_HEADERS = {
  // With no-transform, Deno 2.6 does not compress the response; compression would weaken its ETag. If-Match never
  // matches a weak ETag.
  "cache-control": "no-store, no-transform",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/**
 * Adds these headers to every response, including errors. The admin page sets a different policy and other caching
 * headers.
 */
const protectiveHeaders: MiddlewareHandler<HttpEnv> = async (c, next) => {
  await next();
  for (const [name, value] of Object.entries(PROTECTIVE_HEADERS)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value);
  }
};

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Returns 405 if the path exists for another method, otherwise 404. */
function notFound(app: OpenAPIHono<HttpEnv>, path: string): Problem {
  const allowed = METHODS.filter((method) => isServed(app, method === "HEAD" ? "GET" : method, path));
  if (allowed.length === 0) return new Problem(404, "this path does not exist");
  return new Problem(405, `this path allows only ${allowed.join(", ")}`, { headers: { allow: allowed.join(", ") } });
}

function isServed(app: OpenAPIHono<HttpEnv>, method: string, path: string): boolean {
  return app.router.match(method, path)[0].some(([[, route]]) => route.method !== "ALL");
}
