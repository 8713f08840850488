import { errorWithCode } from "./errors.ts";

const noAnswer = () => errorWithCode("ETIMEDOUT", "no answer");

/**
 * Resolves to the result of the work or, after `ms` milliseconds, rejects with the error from `tooLate`. A timeout does
 * not stop the work.
 */
export async function withTimeout<T>(ms: number, answer: PromiseLike<T>, tooLate: () => Error = noAnswer): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(tooLate()), ms);
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
