/** Kills the service before and after every step of importing every kind of file. */
import { KINDS } from "./rosters.ts";
import { killAtSteps } from "./steps.ts";

for (const kind of [...KINDS, "is approved", "is large"] as const) {
  Deno.test(`an import that ${kind} continues after a kill before or after any of its steps`, async () => {
    await killAtSteps(kind, { from: 1, stride: 1, moments: ["before", "after"] });
  });
}
