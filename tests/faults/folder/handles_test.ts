import { serverIsAway } from "../../support/postgres.ts";
import { importWithFewHandles } from "./handles.ts";

const away = await serverIsAway();
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

Deno.test({
  name: "with 64 handles the service imports 70 files, and has as many open as before",
  ignore: away !== null,
  fn: () => importWithFewHandles(70),
});
