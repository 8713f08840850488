import { serverIsAway } from "../../support/postgres.ts";
import { importWithFewHandles } from "./handles.ts";

const away = await serverIsAway();
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

Deno.test({
  name: "with a limit of 64 handles the service imports 70 files and leaks none",
  ignore: away !== null,
  fn: () => importWithFewHandles(70),
});
