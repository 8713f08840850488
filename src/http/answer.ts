/**
 * The only module that maps errors to HTTP statuses. The response to an unexpected error contains only an id, because
 * the message of the error may contain user data.
 */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { CannotDecide } from "../domain/decision.ts";
import { InvalidSettings } from "../domain/parse_settings.ts";
import { UnknownFeed } from "../domain/feed_settings.ts";
import { BrokenSettingsFile, SettingsChanged } from "../domain/stored_settings.ts";
import { codeOf, isErrno } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { gone, type HttpEnv } from "./env.ts";
import { type FieldError, Problem } from "./problem.ts";
import { Busy, DatabaseUnreachable, FolderUnusable, NotAnUpload, OnStandby, Paused, TurnFailed } from "./service.ts";

/**
 * The maximum number of errors in a response. A longer list does not help people, and a hostile document can have
 * thousands of errors.
 */
const MAX_ERRORS = 100;

export function answerTo(error: unknown, c: Context<HttpEnv>, log: Log): Response {
  // The client has disconnected and will not read this response.
  if (gone(c).aborted) return new Response(null, { status: 499 });
  return (expected(error) ?? unexpected(error, c.req.raw, log)).response();
}

/** A response with status 422 that lists up to {@link MAX_ERRORS} errors. */
export function invalid(detail: string, errors: readonly FieldError[]): Problem {
  return new Problem(422, detail, { errors: errors.slice(0, MAX_ERRORS) });
}

function expected(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidSettings) {
    return invalid(
      "the settings are not valid, and nothing was changed",
      error.problems.map(({ key, message }) => ({ key, message })),
    );
  }
  if (error instanceof UnknownFeed) return invalid(error.message, [{ key: "feed", message: error.message }]);
  if (error instanceof NotAnUpload) {
    return invalid("some parameters are not valid", [{ key: "name", message: error.message }]);
  }
  if (error instanceof CannotDecide) {
    return new Problem(409, error.message, { problems: [{ code: error.code, text: error.message }] });
  }
  if (error instanceof Busy) return busy(error.message, error.retryAfterSeconds);
  if (error instanceof DatabaseUnreachable) {
    const problems = [{ code: "database", text: error.message }];
    return new Problem(503, error.message, { problems, headers: retryAfter(error.retryAfterSeconds) });
  }
  if (error instanceof FolderUnusable) {
    return new Problem(503, error.message, { problems: [{ code: error.code, text: error.message }] });
  }
  if (error instanceof OnStandby) return new Problem(409, error.message);
  if (error instanceof Paused) return new Problem(409, error.message);
  if (error instanceof TurnFailed) return new Problem(503, error.message, { problems: [error.problem] });
  if (error instanceof HTTPException) return new Problem(error.status, "the request cannot be read");
  if (error instanceof DOMException && error.name === "AbortError") {
    return busy("the service is stopping: try again in a few seconds", 5);
  }
  if (error instanceof SettingsChanged) return new Problem(412, error.message);
  return error instanceof BrokenSettingsFile ? brokenSettings(error) : null;
}

function busy(detail: string, retryAfterSeconds: number): Problem {
  return new Problem(503, detail, { headers: retryAfter(retryAfterSeconds) });
}

function retryAfter(seconds: number): Record<string, string> {
  return { "retry-after": String(seconds) };
}

function brokenSettings({ problems, fault }: BrokenSettingsFile): Problem {
  if (fault !== undefined) return new Problem(409, `the settings file cannot be used: ${fault}`);
  const errors = problems.map(({ line, column, key, message }) => ({
    key,
    message: `${message} (line ${line}, column ${column})`,
  }));
  return new Problem(409, "the settings file is not valid: fix it by hand first", { errors });
}

function unexpected(error: unknown, request: Request, log: Log): Problem {
  const id = crypto.randomUUID();
  const { name, stack = "" } = error instanceof Error ? error : new Error("not an error");
  log.error("http.unexpected_error", {
    id,
    method: request.method,
    error: name,
    code: codeOf(error) || undefined,
    at: stack.split("\n").map((line) => line.trim()).filter((line) => line.startsWith("at ")).join(" "),
  });
  const what = isErrno(error)
    ? `the operating system reported an error (${codeOf(error)})`
    : "this is a bug in rosterd";
  return new Problem(500, `${what}: report it with the log entry that has this id`, { id });
}
