/** Registers a test of HTTP with a whole service on a real database. Without a database server, the test is skipped. */
import { serverUnavailable, type TestDatabase, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of HTTP on a whole service: ${unavailable}`);

export function onService(
  name: string,
  settings: Record<string, unknown>,
  test: (service: TestService, database: TestDatabase) => Promise<void>,
  environment?: Record<string, string>,
) {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url, settings, environment });
      await test(service, database);
    },
  });
}
