/** A test that fails and cannot tidy up throws a `SuppressedError`, of which Deno prints neither of the two. */
export async function withBothErrors(test: () => Promise<void>): Promise<void> {
  try {
    await test();
  } catch (error) {
    throw error instanceof SuppressedError ? new AggregateError(errorsIn(error), "it failed, then tidying up") : error;
  }
}

/** The first that was thrown comes first. */
function errorsIn(error: unknown): unknown[] {
  return error instanceof SuppressedError ? [...errorsIn(error.suppressed), ...errorsIn(error.error)] : [error];
}
