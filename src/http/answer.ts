/**
 * The only map from errors to statuses. An error that nobody foresaw tells the client nothing but an id, under which
 * the log has more; even there without its message, which may carry a user's values (fault list, I9).
 */
import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { CannotDecide } from "../domain/decision.ts";
import { InvalidSettings } from "../domain/settings.ts";
import { BrokenSettingsFile, SettingsChanged } from "../domain/stored_settings.ts";
import { codeOf, isErrno } from "../runtime/errors.ts";
import type { Log } from "../runtime/log.ts";
import { gone, type HttpEnv } from "./env.ts";
import { type FieldError, Problem } from "./problem.ts";
import { Busy, DatabaseUnreachable } from "./service.ts";

/** More say nothing to a person, and a hostile document can have thousands. */
const MAX_ERRORS = 100;

/** The answer to a request that threw. */
export function answerTo(error: unknown, c: Context<HttpEnv>, log: Log): Response {
  // Nobody reads this answer.
  if (gone(c).aborted) return new Response(null, { status: 499 });
  return (foreseen(error) ?? unforeseen(error, c.req.raw, log)).response();
}

/** A problem with a list of what is wrong, of bearable length. */
export function invalid(detail: string, errors: readonly FieldError[]): Problem {
  return new Problem(422, detail, { errors: errors.slice(0, MAX_ERRORS) });
}

function foreseen(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof InvalidSettings) {
    return invalid("nothing was changed", error.problems.map(({ key, message }) => ({ key, message })));
  }
  if (error instanceof CannotDecide) {
    return new Problem(409, error.message, { problems: [{ code: error.code, text: error.message }] });
  }
  if (error instanceof Busy) return busy(error.message, error.retryAfterSeconds);
  if (error instanceof DatabaseUnreachable) {
    const problems = [{ code: "database", text: error.message }];
    return new Problem(503, error.message, { problems, headers: retryAfter(error.retryAfterSeconds) });
  }
  if (error instanceof HTTPException) return new Problem(error.status, "the request cannot be read");
  if (error instanceof DOMException && error.name === "AbortError") return busy("the service is stopping", 5);
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
  return new Problem(409, "the settings file cannot be used; mend it by hand first", { errors });
}

function unforeseen(error: unknown, request: Request, log: Log): Problem {
  const id = crypto.randomUUID();
  const { name, stack = "" } = error instanceof Error ? error : new Error("not an error");
  log.error("http.unexpected_error", {
    id,
    method: request.method,
    error: name,
    code: codeOf(error) || undefined,
    at: stack.split("\n").map((line) => line.trim()).filter((line) => line.startsWith("at ")).join(" "),
  });
  const what = isErrno(error) ? `the system refused (${codeOf(error)})` : "rosterd made a mistake";
  return new Problem(500, `${what}; send the lines of the log that have this id to the authors of rosterd`, { id });
}
