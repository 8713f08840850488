/**
 * Prints both errors if a test and its cleanup both fail. Deno does not print either of the errors in a
 * `SuppressedError`.
 */
export async function withBothErrors(test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } catch (error) {
    throw error instanceof SuppressedError
      ? new AggregateError(errorsIn(error), "the test failed, and then its clean-up")
      : error;
  }
}

/** The errors in the order in which they were thrown. */
function errorsIn(error: unknown): unknown[] {
  return error instanceof SuppressedError ? [...errorsIn(error.suppressed), ...errorsIn(error.error)] : [error];
}
