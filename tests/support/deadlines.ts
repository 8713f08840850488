/**
 * If Deno is older than 2.9, skips tests that need the deadlines of Node's HTTP server and reports the skipped tests.
 */

/** Whether this version of Deno disconnects slow clients. */
export function enforcesDeadlines(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}

/** Defines a test that runs only if this Deno enforces the deadlines. */
export function testOfDeadlines(name: string, fn: () => Promise<void>): void {
  const ignore = !enforcesDeadlines(Deno.version.deno);
  if (ignore) console.error(`LEFT OUT: ${name}: Deno ${Deno.version.deno} has no deadlines for clients; 2.9 has`);
  Deno.test({ name, ignore, fn });
}
