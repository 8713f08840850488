import { clusterIsMissing, leftOut } from "../../support/cluster.ts";
import { surviveFailovers } from "./failovers.ts";

Deno.test({
  name: "200 failovers at random moments: every file is applied exactly once, or named as one to be replayed",
  ignore: leftOut(import.meta.url, clusterIsMissing()),
  fn: () => surviveFailovers({ failovers: 200, seed: 20_261_130 }),
});
