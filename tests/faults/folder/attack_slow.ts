/**
 * Runs the attacks of `attack_test.ts` for a longer time. `ROSTERD_ATTACK_SECONDS` sets the duration of each attack,
 * 120 by default.
 */
import { IS_ROOT } from "../../inbox/other_process.ts";
import { surviveAttack } from "./attack.ts";

const seconds = Number(Deno.env.get("ROSTERD_ATTACK_SECONDS") ?? 120);
const seed = Date.now() % 1_000_000;
if (!IS_ROOT) console.error(`LEFT OUT: ${import.meta.url}: only root can start an attacker as another user`);

for (const kind of ["guest", "owner"] as const) {
  Deno.test({
    name: `${seconds} s of attack by ${kind === "guest" ? "a guest of" : "the owner of"} the folder`,
    ignore: !IS_ROOT,
    fn: async () => {
      console.log(`seed ${seed}`);
      await surviveAttack({ kind, seconds, seed });
    },
  });
}
