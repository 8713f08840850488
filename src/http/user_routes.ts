/** The routes for people: find users, and read what rosterd knows about one (docs/http.md#users). */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { parsePlace } from "../domain/user.ts";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";
import { errors, json, uniqueId, wholeNumber } from "./route.ts";
import { userDocument, userPage } from "./schemas.ts";
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

export function addUserRoutes(app: OpenAPIHono<HttpEnv>, { users }: Service): void {
  app.openapi(findUsers, async (c) => c.json(await users.find(c.req.valid("query")), 200));
  app.openapi(getUser, async (c) => {
    const user = await users.get(c.req.valid("param").unique_id);
    if (user === null) throw new Problem(404, "this user does not exist");
    return c.json(user, 200);
  });
}
