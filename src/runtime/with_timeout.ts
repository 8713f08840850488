/** A deadline for an answer that may never come: a frozen link answers nothing, not even an error. */

/** The answer, or after `ms` milliseconds the error that `tooLate` makes. The question itself goes on. */
export async function withTimeout<T>(ms: number, answer: PromiseLike<T>, tooLate: () => Error = noAnswer): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooLate()), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** With the code that systems have for it. */
function noAnswer(): Error {
  return Object.assign(new Error("no answer"), { code: "ETIMEDOUT" });
}
