/** The routes for settings: read them, change them, and send a test email (docs/http.md#settings). */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { maskSettings } from "../domain/settings.ts";
import type { StoredSettings } from "../domain/stored_settings.ts";
import { bodiless, jsonBody } from "./body.ts";
import { gone, type HttpEnv } from "./env.ts";
import { errors, json, wholeNumber } from "./route.ts";
import { settingsDocument, settingsHistoryPage, testMailResult } from "./schemas.ts";
import type { Service } from "./service.ts";

const SETTINGS = { $ref: "#/components/schemas/Settings" };
const MERGE_PATCH = {
  type: "object",
  description: "An RFC 7396 merge patch of the settings. null restores the default.",
} as const;
const MERGE_PATCH_TYPES = ["application/merge-patch+json", "application/json"];
const IF_MATCH = {
  name: "If-Match",
  in: "header",
  required: false,
  description: "An ETag. Nothing is changed if it no longer matches.",
  schema: { type: "string" },
} as const;

const stored = {
  ...json('The settings, with secrets shown as "***".', settingsDocument),
  headers: { ETag: { description: "Changes whenever the settings change.", schema: { type: "string" } } },
} as const;

const getSettings = createRoute({
  method: "get",
  path: "/settings",
  summary: "Get the settings; changes apply from the next scan",
  responses: { 200: stored, ...errors(409) },
});

const patchSettings = createRoute({
  method: "patch",
  path: "/settings",
  summary: "Change some settings",
  parameters: [IF_MATCH],
  request: {
    body: {
      required: true,
      content: Object.fromEntries(MERGE_PATCH_TYPES.map((type) => [type, { schema: MERGE_PATCH }])),
    },
  },
  responses: { 200: stored, ...errors(400, 409, 412, 415, 422) },
});

const putSettings = createRoute({
  method: "put",
  path: "/settings",
  summary: "Replace all settings; every key is required",
  parameters: [IF_MATCH],
  request: { body: { required: true, content: { "application/json": { schema: SETTINGS } } } },
  responses: { 200: stored, ...errors(400, 409, 412, 415, 422) },
});

const settingsHistory = createRoute({
  method: "get",
  path: "/settings/history",
  summary: "List changes to settings with old and new values, newest first",
  request: {
    query: z.strictObject({ limit: wholeNumber(1, 200).default(50), before: wholeNumber(1).optional() }),
  },
  responses: { 200: json("One page of changes.", settingsHistoryPage), ...errors(409, 422) },
});

const testMail = createRoute({
  method: "post",
  path: "/settings/test-mail",
  summary: "Send a test email now and report the result; takes no body",
  middleware: bodiless,
  responses: { 200: json("The result.", testMailResult), ...errors(409, 415, 422) },
});

export function addSettingsRoutes(app: OpenAPIHono<HttpEnv>, service: Service): void {
  app.openapi(getSettings, async (c) => shown(c, await service.settings.read()));
  app.openapi(patchSettings, async (c) => {
    const patch = jsonBody(c, ...MERGE_PATCH_TYPES);
    return shown(c, await service.settings.patch(patch, c.req.header("if-match"), c.get("caller").by));
  });
  app.openapi(putSettings, async (c) => {
    const document = jsonBody(c, "application/json");
    return shown(c, await service.settings.replace(document, c.req.header("if-match"), c.get("caller").by));
  });
  app.openapi(settingsHistory, async (c) => {
    const { limit, before } = c.req.valid("query");
    return c.json(await service.settings.history(limit, before), 200);
  });
  app.openapi(testMail, async (c) => c.json(await service.testMail(gone(c)), 200));
}

function shown(c: Context<HttpEnv>, { settings, etag }: StoredSettings) {
  return c.json(maskSettings(settings), 200, { etag });
}
