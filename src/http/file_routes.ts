/** The routes that transfer a whole file: downloading failed records or changes, and checking a roster. */
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { parseAccept } from "hono/utils/accept";
import type { Log } from "../runtime/log.ts";
import { bodiless, withFile } from "./body.ts";
import { gone, type HttpEnv } from "./env.ts";
import { found } from "./import_routes.ts";
import { Problem } from "./problem.ts";
import { errors, feedName, fileName, importPath, json } from "./route.ts";
import { checkReport, importList } from "./schemas.ts";
import type { Download, Service } from "./service.ts";

const FILE = { schema: { type: "string", format: "binary" } } as const;

const CSV_FILE = {
  request: { params: importPath },
  responses: { 200: { description: "A CSV file.", content: { "text/csv": FILE } }, ...errors(404, 410, 422, 503) },
} as const;

const getFailedFile = createRoute({
  method: "get",
  path: "/imports/{id}/failed.csv",
  summary: "Download the failed records as CSV, ready to correct and upload",
  ...CSV_FILE,
});

const getRosterFile = createRoute({
  method: "get",
  path: "/imports/{id}/file",
  summary: "Download an import's file from bak as it was uploaded",
  request: { params: importPath },
  responses: {
    200: { description: "The file.", content: { "application/octet-stream": FILE } },
    ...errors(404, 410, 422, 503),
  },
});

const getChangesFile = createRoute({
  method: "get",
  path: "/imports/{id}/changes.csv",
  summary: "Download the changes that an import made",
  ...CSV_FILE,
});

const FILE_BODY = {
  content: { "application/octet-stream": FILE, "text/csv": FILE, "application/gzip": FILE },
} as const;

const startImport = createRoute({
  method: "post",
  path: "/imports",
  summary: "Upload the file in the body and import it, or scan the upload folder now",
  description: "With `name`, the body is the file, and `feed` says whose. Without, there is no body.",
  middleware: bodiless,
  request: {
    query: z.strictObject({
      wait: z.enum(["true", "false"], { error: "must be true or false" }).default("false"),
      name: fileName.optional(),
      feed: feedName.default(""),
    }),
    body: FILE_BODY,
  },
  responses: {
    200: json(
      "With wait=true: the import of the file, or the imports of a scan that began after the call.",
      importList,
    ),
    202: json("The scan was requested. The list is empty.", importList),
    ...errors(409, 415, 422, 503),
  },
});

const checkFile = createRoute({
  method: "post",
  path: "/check",
  summary: "Check the file in the body: report the result of importing it now, without writing data",
  request: {
    query: z.strictObject({ name: fileName, feed: feedName.default("") }),
    body: { required: true, ...FILE_BODY },
  },
  responses: {
    200: json("What importing the file would do.", checkReport),
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
  app.openapi(getRosterFile, async (c) => {
    return download(c, await imports.rosterFile(c.req.valid("param").id), "application/octet-stream");
  });
  app.openapi(getChangesFile, async (c) => download(c, await imports.changesFile(c.req.valid("param").id)));
  app.openapi(checkFile, async (c) => {
    const { feed, name } = c.req.valid("query");
    return c.json(await withFile(c, bodyTimeoutMs, (body) => service.check(name, body, gone(c), feed)), 200);
  });
  app.openapi(startImport, async (c) => {
    const { wait, name, feed } = c.req.valid("query"), isAwaited = wait === "true";
    if (name === undefined) return c.json({ imports: await service.turn(isAwaited, gone(c)) }, isAwaited ? 200 : 202);
    const { by } = c.get("caller");
    const entry = await withFile(
      c,
      bodyTimeoutMs,
      (body) => service.upload({ feed, name, body, by }, isAwaited, gone(c)),
    );
    return entry === null ? c.json({ imports: [] }, 202) : c.json({ imports: [entry] }, 200);
  });

  function download(
    c: Context<HttpEnv>,
    asked: Download | { gone: string } | null,
    type = "text/csv; charset=utf-8",
  ) {
    const file = found(asked);
    if ("gone" in file) throw new Problem(410, file.gone);
    const { name, isPacked = false } = file;
    const { stream, size, encoding }: Encoded = isPacked
      ? encoded(file, acceptsGzip(c.req.header("accept-encoding")))
      : file;
    return c.body(cutWhenBroken(stream, log), 200, {
      "content-type": type,
      ...(size === null ? {} : { "content-length": String(size) }),
      ...(isPacked ? { vary: "accept-encoding" } : {}),
      ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      "content-disposition": attachment(name),
    });
  }
}

interface Encoded extends Pick<Download, "stream" | "size"> {
  /** The `Content-Encoding`, if any. */
  encoding?: string;
}

/** Sends a packed file as it is to a client that accepts gzip. For any other client, unpacks it while it is sent. */
function encoded({ stream, size }: Download, inGzip: boolean): Encoded {
  if (inGzip) return { stream, size, encoding: "gzip" };
  const unpacking = new DecompressionStream("gzip") as ReadableWritablePair<Uint8Array, Uint8Array>;
  return { stream: stream.pipeThrough(unpacking), size: null };
}

/** Whether a client accepts gzip, according to its `Accept-Encoding` (RFC 9110, section 12.5.3). */
function acceptsGzip(header: string | undefined): boolean {
  const weights = new Map(parseAccept(header ?? "").map(({ type, q }) => [type.toLowerCase(), q]));
  return (weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? 0) > 0;
}

/** A `Content-Disposition` that is safe for any file name (RFC 6266, RFC 8187). */
function attachment(name: string): string {
  const plain = name.replace(/[^\w .()+@-]/g, "_");
  const encoded = encodeURIComponent(name.toWellFormed()).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`);
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}

/**
 * Closes the connection early if the file cannot be read to the end. The error that the server prints contains no file
 * name or user.
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
