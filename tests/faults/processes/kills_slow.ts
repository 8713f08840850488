/** Kills the compiled binary at random moments. `ROSTERD_KILLS` sets the number of kills, 1,000 by default. */
import { compileBinary } from "../../support/compile.ts";
import { surviveKills } from "./kills.ts";

const kills = Number(Deno.env.get("ROSTERD_KILLS") ?? 1_000);
const seed = Date.now() % 1_000_000;
const binary = await compileBinary();

Deno.test({
  name: `the compiled service, killed ${kills} times at random moments, loses no file and imports none twice`,
  ignore: binary === null,
  async fn() {
    console.log(`seed ${seed}`);
    await surviveKills({ kills, seed, program: [binary!] });
  },
});

Deno.test({
  name: "a service with three feeds, killed 100 times at random moments, loses no file and imports none twice",
  async fn() {
    console.log(`seed ${seed}`);
    await surviveKills({ kills: 100, seed, feeds: ["students", "staff"] });
  },
});
