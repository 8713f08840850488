/** Two rosterd on one folder and database; `two_rosterd_slow.ts` does more of it, and with the compiled binary. */
import { serverIsAway } from "../../support/postgres.ts";
import { deposed, foldersOfTheirOwn, rolls, standsBy, takesOver } from "./two_rosterd.ts";

const away = await serverIsAway();
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: away !== null, fn });
}

test("of two rosterd on one folder and database one works, and the other stands by and says so", () => standsBy({}));

test(
  "when the leader is killed within a long statement, the other one has imported the file within a minute",
  () => takesOver("in a long statement", { users: 100, mergeSeconds: 120 }, (w) => w.inMerge()),
);

test("a rolling replacement in mid-import, while files arrive, loses nothing", () => rolls(3, {}));

test("a leader that hangs in mid-import, loses its lead and goes on, imports nothing twice", () => deposed(2, {}));

test("two rosterd with folders of their own on one database import one at a time", () => foldersOfTheirOwn({}));
