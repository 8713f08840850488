/** A few SIGKILLs at random moments; `deno task test:slow` does many. */
import { serverIsAway } from "../support/postgres.ts";
import { surviveKills } from "./kills.ts";

const away = await serverIsAway();
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

Deno.test({
  name: "a service that is killed at random moments loses no file and imports none twice",
  ignore: away !== null,
  fn: () => surviveKills(5, 1),
});
