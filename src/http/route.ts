/** Shared parts of the route definitions, and the hook that answers invalid parameters with a problem document. */
import { type Hook, z } from "@hono/zod-openapi";
import { STATUS_CODES } from "node:http";
import { invalid } from "./answer.ts";
import { isFeedName } from "../domain/settings.ts";
import type { HttpEnv } from "./env.ts";
import { problemDocument } from "./schemas.ts";

/** The security requirement of calls that need no token. */
export const OPEN = { security: [] };

export function json<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { "application/json": { schema } } };
}

/** The errors that only some calls can return. */
export function errors<const S extends number>(...statuses: S[]) {
  const content = { "application/problem+json": { schema: problemDocument } };
  const entries = statuses.map((status) => [status, { description: STATUS_CODES[status] ?? "Error", content }]);
  return Object.fromEntries(entries) as Record<S, { description: string; content: typeof content }>;
}

/** A whole number in a path or query, in digits only: "0x10" and "1e3" are refused. */
export function wholeNumber(from: number, to = Number.MAX_SAFE_INTEGER) {
  const error = to === Number.MAX_SAFE_INTEGER
    ? `must be a whole number of at least ${from}`
    : `must be a whole number from ${from} to ${to}`;
  return z.string({ error }).regex(/^\d+$/, { error }).transform(Number)
    .pipe(z.number().min(from, { error }).max(to, { error }))
    .openapi({ type: "integer", minimum: from, maximum: to });
}

/** Refuses NUL, which PostgreSQL cannot store in text. */
export const uniqueId = z.string({ error: "must be given once" }).min(1, { error: "must not be empty" })
  .max(1_000, { error: "must have at most 1,000 characters" })
  .refine((text) => !text.includes("\0"), { error: "must not contain a NUL character" });

/** Refuses a file name that contains a path, because programs interpret paths differently. */
export const fileName = z.string({ error: "must be the name of the file" }).min(1, { error: "must not be empty" })
  .max(255, { error: "must have at most 255 characters" })
  .regex(/^[^/\\\0]*$/, { error: "must be a name without a path" });

export const feedName = z.string({ error: "must be given once" }).refine((name) => name === "" || isFeedName(name), {
  error: "must be the name of a feed, or empty",
});

export const importPath = z.object({ id: wholeNumber(1) });

export const refuseParameters: Hook<unknown, HttpEnv, string, unknown> = (result) => {
  if (result.success) return;
  throw invalid(
    "some parameters are not valid",
    result.error.issues.flatMap((issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map((key) => ({ key, message: "is not a parameter of this call" }))
        : [{ key: issue.path.join("."), message: issue.message }]
    ),
  );
};
