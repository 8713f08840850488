/** The routes for people: find users, read a user's data, and erase a user (docs/http.md#users). */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { parsePlace } from "../domain/user.ts";
import { bodiless } from "./body.ts";
import { gone, type HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";
import { errors, json, uniqueId, wholeNumber } from "./route.ts";
import { erased, userDocument, userPage } from "./schemas.ts";
import type { Service } from "./service.ts";

const place = z.string({ error: "must be given once" }).transform((text, context) => {
  const parsed = parsePlace(text);
  if (parsed !== null) return parsed;
  context.addIssue({ code: "custom", message: "must be the `next` of the previous page" });
  return z.NEVER;
}).openapi({ type: "string" });

const findUsers = createRoute({
  method: "get",
  path: "/users",
  summary: "Find users whose unique_id, user_name, email or last name begins with the given text",
  request: {
    query: z.strictObject({ q: uniqueId, limit: wholeNumber(1, 200).default(50), after: place.optional() }),
  },
  responses: { 200: json("One page of users.", userPage), ...errors(422, 503) },
});

const getUser = createRoute({
  method: "get",
  path: "/users/{unique_id}",
  summary: "Get a user with permits, holds and history",
  request: { params: z.object({ unique_id: uniqueId }) },
  responses: { 200: json("The user.", userDocument), ...errors(404, 422, 503) },
});

const eraseUser = createRoute({
  method: "post",
  path: "/users/{unique_id}/erase",
  summary: "Erase a user who has no access, and every trace of them in the database; takes no body",
  middleware: bodiless,
  request: { params: z.object({ unique_id: uniqueId }) },
  // 409: the user has access or an active permit, as `problems` explains.
  responses: {
    200: json("The files in bak that may still mention the user.", erased),
    ...errors(404, 409, 415, 422, 503),
  },
});

const UNKNOWN = "this user does not exist";

export function addUserRoutes(app: OpenAPIHono<HttpEnv>, { users }: Service): void {
  app.openapi(findUsers, async (c) => c.json(await users.find(c.req.valid("query")), 200));
  app.openapi(getUser, async (c) => {
    const user = await users.get(c.req.valid("param").unique_id);
    if (user === null) throw new Problem(404, UNKNOWN);
    return c.json(user, 200);
  });
  app.openapi(eraseUser, async (c) => {
    const result = await users.erase(c.req.valid("param").unique_id, gone(c), c.get("caller").by);
    if (result === null) throw new Problem(404, UNKNOWN);
    return c.json(result, 200);
  });
}
