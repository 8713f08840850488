/**
 * Errors of the file system, told apart by their code, never by their text.
 * Used by every file of the inbox.
 */

/** Whether an error bears one of these codes, such as `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(codeOf(error));
}

/** The code of an error, or an empty string. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** Waits for a result, with null in place of an error that bears one of the codes; other errors go on. */
export async function nullOn<T>(result: Promise<T>, ...codes: readonly string[]): Promise<T | null> {
  try {
    return await result;
  } catch (error) {
    if (hasCode(error, ...codes)) return null;
    throw error;
  }
}
