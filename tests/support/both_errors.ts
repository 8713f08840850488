/** If both a test and its clean-up fail, it throws a `SuppressedError`, and Deno prints neither error. */
export async function withBothErrors(test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } catch (error) {
    throw error instanceof SuppressedError ? new AggregateError(errorsIn(error), "it failed, then tidying up") : error;
  }
}

/** In the order in which they were thrown. */
function errorsIn(error: unknown): unknown[] {
  return error instanceof SuppressedError ? [...errorsIn(error.suppressed), ...errorsIn(error.error)] : [error];
}
