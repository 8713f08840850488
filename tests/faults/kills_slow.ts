/** Many SIGKILLs at random moments. `ROSTERD_KILLS` says how many, and is 100 by default. */
import { surviveKills } from "./kills.ts";

const kills = Number(Deno.env.get("ROSTERD_KILLS") ?? 100);
const seed = Date.now() % 1_000_000;

Deno.test(`a service that is killed ${kills} times at random moments loses no file and imports none twice`, async () => {
  console.log(`seed ${seed}`);
  await surviveKills(kills, seed);
  console.log(`${kills} kills survived, nothing lost, nothing twice`);
});
