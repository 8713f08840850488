/** Limits the size of request bodies, both declared and actual, and the time they may take. */
import type { Context, MiddlewareHandler } from "hono";
import { grouped } from "../runtime/grouped.ts";
import { withTimeout } from "../runtime/with_timeout.ts";
import type { HttpEnv } from "./env.ts";
import { Problem } from "./problem.ts";

export const MAX_BODY_BYTES = 64 * 1024;
export const MAX_FILE_BYTES = 256 * 1024 * 1024;

/** Reads a whole body of up to 64 KiB within `timeoutMs`. For bodies that are files, use {@link withFile}. */
export function readBodies(timeoutMs: number): MiddlewareHandler<HttpEnv> {
  return async (c, next) => {
    if (!isFile(c)) {
      refuseDeclared(c.req.raw, MAX_BODY_BYTES);
      refuseBodyOfGet(c.req.raw);
      const end = performance.now() + timeoutMs;
      const chunks = await Array.fromAsync(bounded(c.req.raw, MAX_BODY_BYTES, () => end - performance.now()));
      c.set("body", await new Blob(chunks).bytes());
    }
    await next();
  };
}

function isFile({ req }: Context<HttpEnv>): boolean {
  const isUpload = req.path === "/imports" && req.query("name") !== undefined;
  return req.method === "POST" && (isUpload || req.path === "/check");
}

/** Parses the body as JSON. Throws 415 for a content type that is not in `types`, and 400 if the body is not JSON. */
export function jsonBody(c: Context<HttpEnv>, ...types: string[]): unknown {
  const type = (c.req.header("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!types.includes(type)) throw new Problem(415, `the content type must be ${types.join(" or ")}`);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(c.get("body")));
  } catch (error) {
    // The message of the parse error is not used, because it quotes part of the body, which may be a secret.
    if (error instanceof SyntaxError || error instanceof TypeError) {
      throw new Problem(400, "the body is not valid JSON");
    }
    throw error;
  }
}

/** For calls without a body: refuses a body instead of ignoring it. An empty JSON object is accepted. */
export const bodiless: MiddlewareHandler<HttpEnv> = async (c, next) => {
  if (!isFile(c) && c.get("body").length > 0) {
    const body = jsonBody(c, "application/json");
    const isEmpty = typeof body === "object" && body !== null && !Array.isArray(body) && Object.keys(body).length === 0;
    if (!isEmpty) throw new Problem(422, "this call does not accept a body");
  }
  await next();
};

/**
 * Calls `use` with the body of a request that transfers a file. If both the body and `use` fail, throws the problem
 * with the body.
 */
export async function withFile<T>(
  { req }: Context<HttpEnv>,
  timeoutMs: number,
  use: (stream: ReadableStream<Uint8Array>) => Promise<T>,
): Promise<T> {
  refuseForms(req.header("content-type") ?? "");
  const body = fileBody(req.raw, timeoutMs);
  try {
    return await use(body.stream);
  } catch (error) {
    throw body.fault() ?? error;
  }
}

/** Refuses forms and JSON, which wrap the file in other text. A body of any other type is the file itself. */
function refuseForms(type: string): void {
  if (/^(multipart\/|application\/(\w+\+)?json)/i.test(type.trim())) {
    throw new Problem(415, "the body must be the file itself, as text/csv or application/octet-stream");
  }
}

/** The body as a stream. After the stream has failed, `fault()` says why. */
export interface FileBody {
  stream: ReadableStream<Uint8Array>;
  fault(): Problem | null;
}

/** The time limit for a whole file, which is enough for 256 MiB at 0.5 MB a second. */
const FILE_TIMEOUT_MS = 10 * 60_000;

/**
 * Streams a file of up to 256 MiB. Fails if the client sends no data for `timeoutMs` or takes more than ten minutes.
 */
export function fileBody(request: Request, timeoutMs: number): FileBody {
  refuseDeclared(request, MAX_FILE_BYTES);
  const end = performance.now() + FILE_TIMEOUT_MS;
  let fault: Problem | null = null;
  async function* chunks() {
    try {
      yield* bounded(request, MAX_FILE_BYTES, () => Math.min(timeoutMs, end - performance.now()));
    } catch (error) {
      if (error instanceof Problem) fault = error;
      throw error;
    }
  }
  return { stream: ReadableStream.from(chunks()), fault: () => fault };
}

/** Yields the chunks of a body. `patience` returns how many milliseconds the next chunk may take. */
async function* bounded(
  request: Request,
  most: number,
  patience: () => number,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return;
  const reader = request.body.getReader();
  let size = 0;
  for (;;) {
    const { done, value } = await withTimeout(patience(), reader.read().catch(unreadable), tooSlow);
    if (done) return;
    size += value.length;
    if (size > most) throw tooLarge(most);
    yield value;
  }
}

function unreadable(): never {
  throw new Problem(400, "the body cannot be read", CLOSE);
}

function tooSlow(): Problem {
  return new Problem(408, "the body did not arrive in time", CLOSE);
}

function refuseDeclared(request: Request, most: number): void {
  if (Number(request.headers.get("content-length") ?? 0) > most) throw tooLarge(most);
}

/** A GET request with a body is refused, because the body is never read and could be endless. */
function refuseBodyOfGet({ method, headers }: Request): void {
  const declared = headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) > 0;
  if (declared && (method === "GET" || method === "HEAD")) {
    throw new Problem(400, `a ${method} request cannot have a body`, CLOSE);
  }
}

function tooLarge(most: number): Problem {
  return new Problem(413, `the body is too large: the limit is ${grouped(most)} bytes`, CLOSE);
}

const CLOSE = { headers: { connection: "close" } };
