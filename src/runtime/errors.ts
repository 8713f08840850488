/** Recognizes errors by code, never by text: the system's (`ENOENT`), PostgreSQL's (SQLSTATE) and rosterd's own. */

/** The code of an error, or an empty string if it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** Creates an error that callers recognize by its code. */
export function errorWithCode(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

/** The code of an expected error. Rethrows an error without a code, because that is a bug. */
export function codeOrThrow(error: unknown): string {
  const code = codeOf(error);
  if (code === "") throw error;
  return code;
}

export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error));
}

/** Whether the error has an operating system code, such as `ENOENT`. */
export function isErrno(error: unknown): boolean {
  return /^E(?:2BIG|[A-Z][A-Z0-9]*)$/.test(codeOf(error));
}

/**
 * The SQLSTATE of a PostgreSQL error; null for any other error. System error codes such as `EBUSY` also have five
 * characters, but are excluded.
 */
export function sqlState(error: unknown): string | null {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && !isErrno(error) ? code : null;
}

/**
 * The class and code of an error, for the log. The error message is left out because it may quote user values.
 */
export function describeError(error: unknown): string {
  const { name } = (error ?? {}) as { name?: unknown };
  const code = codeOf(error);
  return code === "" ? String(name) : `${name} ${code}`;
}

/** Awaits a result. Resolves to null if the promise is rejected with one of these codes. */
export async function nullOn<T>(result: Promise<T>, ...codes: readonly string[]): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, ...codes)) return null;
    throw error;
  }
}
