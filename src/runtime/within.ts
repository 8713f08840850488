/** A deadline for an answer that may never come: a frozen link answers nothing, not even an error. */

/** The answer, or after `ms` milliseconds an error with the code `ETIMEDOUT`. The question itself goes on. */
export async function within<T>(ms: number, answer: PromiseLike<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
