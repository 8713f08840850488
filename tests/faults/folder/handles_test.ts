import { serverUnavailable } from "../../support/postgres.ts";
import { importWithFewHandles } from "./handles.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "with a limit of 64 file handles, the service imports 70 files and leaks no handle",
  ignore: unavailable !== null,
  fn: () => importWithFewHandles(70),
});
