import { IS_ROOT } from "../../inbox/other_process.ts";
import { serverIsAway } from "../../support/postgres.ts";
import { surviveAttack } from "./attack.ts";

const away = await serverIsAway() ?? (IS_ROOT ? null : "only root can start an attacker who is another user");
if (away !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${away}`);

Deno.test({
  name: "an attacker who may only create entries in a sticky folder of rosterd achieves nothing",
  ignore: away !== null,
  fn: () => surviveAttack({ kind: "guest", seconds: 3, seed: 1 }),
});

Deno.test({
  name: "the owner of the folder cannot make rosterd read, change, overwrite or remove anything outside",
  ignore: away !== null,
  fn: () => surviveAttack({ kind: "owner", seconds: 4, seed: 1 }),
});
