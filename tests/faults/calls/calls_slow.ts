/** Every system call below the upload folder fails once in an import, with each of the errors of disks and mounts. */
import { serverIsAway } from "../../support/postgres.ts";
import { cannotFailCalls, type Errno, failCalls } from "./calls.ts";

const away = await serverIsAway() ?? cannotFailCalls();
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

const ERRORS: readonly Errno[] = ["EIO", "ENOSPC", "ESTALE", "EACCES", "EMFILE"];

for (const errno of ERRORS) {
  Deno.test({
    name: `each call below the upload folder fails once with ${errno}, and nothing is lost or done twice`,
    ignore: away !== null,
    fn: () => failCalls({ from: 1, stride: 1, times: 200, errors: [errno] }),
  });
}
