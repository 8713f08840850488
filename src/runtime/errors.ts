/** Recognises errors by their codes, never by their text: those of the system (`ENOENT`), of Postgres (SQLSTATE) and our own. */

/** The code of an error; an empty string when it has none. */
export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === "string" ? code : "";
}

/** The code of an error that may happen. Throws the error itself when it has none: that is a bug. */
export function codeOrThrow(error: unknown): string {
  const code = codeOf(error);
  if (code === "") throw error;
  return code;
}

/** Whether an error has one of these codes. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error));
}

/** Whether the system reports the error: `ENOENT`, `EBUSY`. */
export function isErrno(error: unknown): boolean {
  return /^E(?:2BIG|[A-Z][A-Z0-9]*)$/.test(codeOf(error));
}

/** The five characters by which Postgres names an error; null for any other error. `EBUSY` has five, too, but is an errno. */
export function sqlState(error: unknown): string | null {
  const code = codeOf(error);
  return /^[0-9A-Z]{5}$/.test(code) && !isErrno(error) ? code : null;
}

/** What a log may tell of an error: its class and code. Its text may quote any value. */
export function describeError(error: unknown): string {
  const { name } = (error ?? {}) as { name?: unknown };
  const code = codeOf(error);
  return code === "" ? String(name) : `${name} ${code}`;
}

/** Waits for a result; null in place of an error that has one of the codes. */
export async function nullOn<T>(result: Promise<T>, ...codes: readonly string[]): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, ...codes)) return null;
    throw error;
  }
}
