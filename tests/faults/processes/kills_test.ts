/** Kills the service at random moments. `deno task test:slow` kills the compiled binary 1,000 times. */
import { serverUnavailable } from "../../support/postgres.ts";
import { surviveKills } from "./kills.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "a service that is killed 20 times at random moments loses no file and imports none twice",
  ignore: unavailable !== null,
  fn: () => surviveKills({ kills: 20, seed: 1 }),
});
