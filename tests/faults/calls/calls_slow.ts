/**
 * Every system call that changes an entry below the upload folder fails once with each error that disks and mounts
 * cause.
 */
import { serverUnavailable } from "../../support/postgres.ts";
import { KINDS } from "../rosters.ts";
import { cannotFailCalls, type Errno, failCalls } from "./calls.ts";

const unavailable = await serverUnavailable() ?? cannotFailCalls();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const ERRORS: readonly Errno[] = ["EIO", "ENOSPC", "ESTALE", "EACCES", "EMFILE"];

for (const errno of ERRORS) {
  const calls = { from: 1, stride: 1, errors: [errno] };
  for (const kind of KINDS) {
    Deno.test({
      name: `each call that changes the folder fails once with ${errno} in an import that ${kind}, and nothing is lost`,
      ignore: unavailable !== null,
      fn: () => failCalls({ ...calls, times: 120, kinds: [kind], changesOnly: true }),
    });
  }
  Deno.test({
    name: `120 calls of any kind fail once with ${errno}, and nothing is lost or done twice`,
    ignore: unavailable !== null,
    fn: () => failCalls({ ...calls, times: 120, kinds: KINDS, changesOnly: false }),
  });
}
