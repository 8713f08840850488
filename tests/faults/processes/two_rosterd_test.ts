/** Two rosterd on one folder and database; `two_rosterd_slow.ts` tests longer, and the compiled binary. */
import { serverUnavailable } from "../../support/postgres.ts";
import { deposed, foldersOfTheirOwn, rolls, standsBy, takesOver } from "./two_rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: unavailable !== null, fn });
}

test("of two rosterd on one folder and database, one imports and the other stands by and says so", () => standsBy({}));

test(
  "when the leader is killed in a long statement, the other one imports the file within a minute",
  () => takesOver("in a long statement", { users: 100, mergeSeconds: 120 }, (w) => w.inMerge()),
);

test("a rolling replacement during imports loses nothing", () => rolls(3, {}));

test("a leader that hangs during an import, loses the lead and continues, imports nothing twice", () => deposed(2, {}));

test("two rosterd with separate folders on one database import one at a time", () => foldersOfTheirOwn({}));
