import { clusterIsMissing, leftOut } from "../../support/cluster.ts";
import { surviveFailovers } from "./failovers.ts";

Deno.test({
  name: "after 200 failovers at random moments, every file is applied exactly once or reported as missing",
  ignore: leftOut(import.meta.url, clusterIsMissing()),
  fn: () => surviveFailovers({ failovers: 200, seed: 20_261_130 }),
});
