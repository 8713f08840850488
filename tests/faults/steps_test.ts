/** Kills the service at some steps; `deno task test:slow` does so at every step for every kind of file. */
import { serverUnavailable } from "../support/postgres.ts";
import { killAtSteps } from "./steps.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "after a kill at some steps of an import, the service continues, and no upload is lost or imported twice",
  ignore: unavailable !== null,
  fn: () => killAtSteps("fails in part", { from: 3, stride: 11, moments: ["before"] }),
});
