import { IS_ROOT } from "../../inbox/other_process.ts";
import { serverUnavailable } from "../../support/postgres.ts";
import { surviveAttack } from "./attack.ts";

const unavailable = await serverUnavailable() ??
  (IS_ROOT ? null : "only root can start an attacker who is another user");
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

Deno.test({
  name: "an attacker who may only create entries in a sticky upload folder can do no damage",
  ignore: unavailable !== null,
  fn: () => surviveAttack({ kind: "guest", seconds: 3, seed: 1 }),
});

Deno.test({
  name: "the owner of the upload folder cannot make rosterd read or change files outside it",
  ignore: unavailable !== null,
  fn: () => surviveAttack({ kind: "owner", seconds: 4, seed: 1 }),
});
