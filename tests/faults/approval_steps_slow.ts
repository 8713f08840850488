/** Kills the service before and after every step of an approval. */
import { killApprovals } from "./approval_steps.ts";

for (const kind of ["server", "embedded"] as const) {
  Deno.test(`an approval continues after a kill before or after any of its steps (${kind})`, async () => {
    await killApprovals(kind, { from: 1, stride: 1, moments: ["before", "after"] });
  });
}
