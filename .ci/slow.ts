/**
 * `deno task test:slow`: runs the long tests (all `_slow.ts` under `tests/`, or the files that are named), and prints in the end each
 * fault with its verdict and the totals.
 */
import { fileURLToPath } from "node:url";
import { type Survived, TALLY } from "../tests/faults/verdict.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

async function runTests(tally: string): Promise<number> {
  const files = Deno.args.length > 0 ? Deno.args : ["tests/**/*_slow.ts"];
  const args = ["test", "-A", "--permit-no-files", ...files];
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { [TALLY]: tally } }).spawn().status;
  return code;
}

function printTotals(verdicts: readonly Required<Survived>[]): void {
  const total = (what: "injected" | "kills" | "checks") => verdicts.reduce((sum, verdict) => sum + verdict[what], 0);
  console.log("\nfaults survived:");
  for (const { fault, injected, checks } of verdicts) {
    console.log(`  ${String(injected).padStart(7)} times, ${String(checks).padStart(7)} checks  ${fault}`);
  }
  console.log(
    `${total("injected")} faults injected, ${total("kills")} kills survived, ${total("checks")} invariants checked`,
  );
}

const tally = await Deno.makeTempFile({ prefix: "rosterd-tally-" });
let code = 1;
try {
  code = await runTests(tally);
  const lines = (await Deno.readTextFile(tally)).trim().split("\n").filter((line) => line !== "");
  printTotals(lines.map((line) => JSON.parse(line)));
} finally {
  await Deno.remove(tally);
}
Deno.exit(code);
