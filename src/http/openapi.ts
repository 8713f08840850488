/**
 * `GET /openapi.json`: describes all calls in OpenAPI 3.1, generated from their schemas, with the errors of every call.
 */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { HttpEnv } from "./env.ts";
import { requiredAccess, rolesWith } from "./required_access.ts";
import { errors, json, OPEN } from "./route.ts";
import { problemDocument, settingsDocument } from "./schemas.ts";

const getDocument = createRoute({
  method: "get",
  path: "/openapi.json",
  summary: "This document",
  ...OPEN,
  responses: { 200: json("OpenAPI 3.1.", z.looseObject({ openapi: z.string() })) },
});

interface Operation {
  /** The security requirement of a call that needs no token is empty. */
  security: unknown[];
  responses: Record<string, unknown>;
}

/**
 * Adds the call that returns the OpenAPI document. The first request creates the document from all calls that `app` has
 * at that time.
 */
export function addDocument(app: OpenAPIHono<HttpEnv>, version: string): void {
  let document: ReturnType<typeof describe> | undefined;
  app.openapi(getDocument, (c) => c.json(document ??= describe(app, version), 200));
}

function describe(app: OpenAPIHono<HttpEnv>, version: string) {
  app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  app.openAPIRegistry.register("Settings", settingsDocument);
  app.openAPIRegistry.register("Problem", problemDocument);
  const document = app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "rosterd",
      version,
      description: "Imports roster files into PostgreSQL. Every error is an RFC 9457 problem document.",
    },
  });
  for (const [path, operations] of Object.entries(document.paths ?? {})) {
    for (const [method, operation] of Object.entries(operations as Record<string, Operation>)) {
      // The security requirement of a call that is not `OPEN` lists the roles that may use the call.
      operation.security ??= [{ token: rolesWith(requiredAccess(method, path)) }];
      addErrors(method, operation);
    }
  }
  requireAll((document.components?.schemas as Record<string, Schema>).Settings);
  return document;
}

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
}

/** A setting with a default is optional in the settings file, but required in responses and in `PUT /settings`. */
function requireAll(schema: Schema): void {
  if (schema.properties === undefined) return;
  schema.required = Object.keys(schema.properties);
  Object.values(schema.properties).forEach(requireAll);
}

/** Adds the errors that any call can return to the errors that a call declares itself. */
function addErrors(method: string, operation: Operation): void {
  const { security, responses } = operation;
  // 421: the host name does not belong to the service; 500: an unexpected error.
  const statuses = [421, 500];
  // 403: the role does not allow the call, or the request is from another site's page.
  if (method !== "get" || security.length > 0) statuses.push(403);
  // A missing or wrong token, or a body that is too large, too slow or unexpected.
  if (security.length > 0) statuses.push(400, 401, 408, 413, 429, 503);
  const content = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
  for (const [status, { description }] of Object.entries(errors(...statuses))) {
    responses[status] ??= { description, content };
  }
}
