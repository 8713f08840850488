/** Some system calls fail, one at a time; `calls_slow.ts` makes every call of an import fail. */
import { serverUnavailable } from "../../support/postgres.ts";
import { KINDS } from "../rosters.ts";
import { cannotFailCalls, failCalls } from "./calls.ts";

const unavailable = await serverUnavailable() ?? cannotFailCalls();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "after any failed file system call, the next turn continues, and no upload is lost or imported twice",
  ignore: unavailable !== null,
  fn: () => failCalls({ from: 3, stride: 4, times: 6, errors: ["EIO", "ENOSPC"], kinds: KINDS, changesOnly: true }),
});
