/** Some steps of an import are killed here; `deno task test:slow` kills every step of every kind of file. */
import { serverIsAway } from "../support/postgres.ts";
import { killAtSteps } from "./steps.ts";

const away = await serverIsAway();
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

Deno.test({
  name: "a service killed at some steps of an import goes on from there, and nothing is lost or done twice",
  ignore: away !== null,
  fn: () => killAtSteps("fails in part", { from: 3, stride: 11, moments: ["before"] }),
});
