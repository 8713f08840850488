/** The routes that transfer a whole file: downloading failed records or changes, and checking a roster. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { isFeedName } from "../domain/settings.ts";
import type { Log } from "../runtime/log.ts";
import { checkBody } from "./body.ts";
import { gone, type HttpEnv } from "./env.ts";
import { found } from "./import_routes.ts";
import { Problem } from "./problem.ts";
import { errors, importPath, json } from "./route.ts";
import { checkReports } from "./schemas.ts";
import type { Download, Service } from "./service.ts";

const FILE = { schema: { type: "string", format: "binary" } } as const;

const CSV_FILE = {
  request: { params: importPath },
  responses: { 200: { description: "A CSV file.", content: { "text/csv": FILE } }, ...errors(404, 410, 422, 503) },
} as const;

const getFailedFile = createRoute({
  method: "get",
  path: "/imports/{id}/failed.csv",
  summary: "Download the failed records, to correct and upload again",
  ...CSV_FILE,
});

const getChangesFile = createRoute({
  method: "get",
  path: "/imports/{id}/changes.csv",
  summary: "Download what an import changed",
  ...CSV_FILE,
});

/** Refuses a name with a path, because programs interpret paths differently. */
const fileName = z.string({ error: "must be the name of the file" }).min(1, { error: "must not be empty" })
  .max(255, { error: "must have at most 255 characters" })
  .regex(/^[^/\\\0]*$/, { error: "must be a name without a path" });

const feedName = z.string({ error: "must be given once" }).refine((name) => name === "" || isFeedName(name), {
  error: "must be the name of a feed, or empty",
});

const checkFile = createRoute({
  method: "post",
  path: "/check",
  summary: "Check what importing the file in the body would do now; writes nothing",
  request: {
    query: z.strictObject({ name: fileName, feed: feedName.default("") }),
    body: { required: true, content: { "application/octet-stream": FILE, "text/csv": FILE, "application/gzip": FILE } },
  },
  responses: {
    200: json("The output of `rosterd check --json`.", checkReports),
    ...errors(409, 415, 422, 503),
  },
});

export function addFileRoutes(
  app: OpenAPIHono<HttpEnv>,
  service: Service,
  { log, bodyTimeoutMs }: { log: Log; bodyTimeoutMs: number },
): void {
  const { imports } = service;
  app.openapi(getFailedFile, async (c) => download(c, await imports.failedFile(c.req.valid("param").id)));
  app.openapi(getChangesFile, async (c) => download(c, await imports.changesFile(c.req.valid("param").id)));
  app.openapi(checkFile, async (c) => {
    refuseForms(c.req.header("content-type") ?? "");
    const body = checkBody(c.req.raw, bodyTimeoutMs);
    try {
      const { feed, name } = c.req.valid("query");
      return c.json(await service.check(name, body.stream, gone(c), feed), 200);
    } catch (error) {
      throw body.fault() ?? error;
    }
  });

  function download(c: Context<HttpEnv>, asked: Download | { gone: string } | null) {
    const file = found(asked);
    if ("gone" in file) throw new Problem(410, file.gone);
    return c.body(cutWhenBroken(file.stream, log), 200, {
      "content-type": "text/csv; charset=utf-8",
      ...(file.size === null ? {} : { "content-length": String(file.size) }),
      "content-disposition": attachment(file.name),
    });
  }
}

/** Refuses forms and JSON, which wrap the file in other text. Any other type is read as the file itself. */
function refuseForms(type: string): void {
  if (/^(multipart\/|application\/(\w+\+)?json)/i.test(type.trim())) {
    throw new Problem(415, "the body must be the file itself, as text/csv or application/octet-stream");
  }
}

/** A `Content-Disposition` that is safe for any file name (RFC 6266, RFC 8187). */
function attachment(name: string): string {
  const plain = name.replace(/[^\w .()+@-]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/**
 * Cuts the connection if the file cannot be read to the end. The error that the server prints contains no file name or
 * user.
 */
function cutWhenBroken(stream: ReadableStream<Uint8Array>, log: Log): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read().catch((error) => {
        log.error("http.download_broken", { error: error instanceof Error ? error.name : "not an error" });
        throw new Error("the download was cut off");
      });
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}
