/**
 * Tests two rosterd processes that share a folder and a database. `two_rosterd_slow.ts` runs for a longer time and
 * tests the compiled binary.
 */
import { serverUnavailable } from "../../support/postgres.ts";
import { deposed, foldersOfTheirOwn, rolls, standsBy, takesOver } from "./two_rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: unavailable !== null, fn });
}

test("if two rosterd share a folder and a database, one imports, and the other reports that it stands by", () =>
  standsBy({}));

test(
  "if the leader is killed during a long statement, the standby imports the file within a minute",
  () => takesOver("in a long statement", { users: 100, mergeSeconds: 120 }, (w) => w.inMerge()),
);

test("a rolling replacement during imports loses nothing", () => rolls(3, {}));

test("a leader that hangs during an import and loses leadership imports no file twice", () => deposed(2, {}));

test("two rosterd with separate folders on one database import one at a time", () => foldersOfTheirOwn({}));
