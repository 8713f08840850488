/** Kills the service before and after every step of an approval. */
import { killApprovals } from "./approval_steps.ts";

for (const kind of ["server", "embedded"] as const) {
  Deno.test(`a service killed before and after each step of an approval continues (${kind})`, async () => {
    await killApprovals(kind, { from: 1, stride: 1, moments: ["before", "after"] });
  });
}
