import { IS_ROOT } from "../../inbox/other_process.ts";
import { serverIsAway } from "../../support/postgres.ts";
import { surviveAttack } from "./attack.ts";

const away = await serverIsAway() ?? (IS_ROOT ? null : "only root can start an attacker who is another user");
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

Deno.test({
  name: "somebody who only may make entries in a sticky folder of rosterd's own achieves nothing at all",
  ignore: away !== null,
  fn: () => surviveAttack({ kind: "guest", seconds: 3, seed: 1 }),
});

Deno.test({
  name: "the owner of a folder that is not sticky has nothing outside read, changed, overwritten or removed by rosterd",
  ignore: away !== null,
  fn: () => surviveAttack({ kind: "owner", seconds: 4, seed: 1 }),
});
