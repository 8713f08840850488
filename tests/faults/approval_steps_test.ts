/** Kills the service at some steps of an approval; `deno task test:slow` does so at every step. */
import { serverUnavailable } from "../support/postgres.ts";
import { killApprovals } from "./approval_steps.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "an approval continues after a kill at some of its steps, and the file is applied once",
  ignore: unavailable !== null,
  fn: () => killApprovals("server", { from: 4, stride: 13, moments: ["before"] }),
});
