/**
 * `deno task test:slow`: runs the long tests (all `_slow.ts` files under `tests/`, or the named files). At the end,
 * prints each fault with its verdict, the totals, and the names of tests that failed or were skipped.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Survived, TALLY } from "../tests/faults/verdict.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

interface Run {
  code: number;
  survived: Required<Survived>[];
  /** The names of the tests. */
  failed: string[];
  leftOut: string[];
}

async function runTests(folder: string): Promise<Run> {
  const files = Deno.args.length > 0 ? Deno.args : ["tests/**/*_slow.ts"];
  const tally = join(folder, "tally"), report = join(folder, "report.xml");
  const args = ["test", "-A", "--permit-no-files", `--junit-path=${report}`, ...files];
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT, env: { [TALLY]: tally } }).spawn().status;
  const lines = (await textOf(tally)).split("\n").filter((line) => line !== "");
  const xml = await textOf(report);
  return {
    code,
    survived: lines.map((line) => JSON.parse(line)),
    failed: testsWith("failure", xml),
    leftOut: testsWith("skipped", xml),
  };
}

/** The text of a file; empty if the file is missing. */
async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

const CHARACTERS: Readonly<Record<string, string>> = { quot: '"', apos: "'", lt: "<", gt: ">", amp: "&" };

/** The names of the tests in a JUnit report that contain the given element. */
function testsWith(element: "failure" | "skipped", xml: string): string[] {
  const cases = xml.matchAll(new RegExp(`<testcase name="([^"]*)"[^>]*>\\s*<${element}\\b`, "g"));
  return [...cases].map(([, name]) => name.replace(/&(\w+);/g, (found, entity) => CHARACTERS[entity] ?? found));
}

function printTotals({ code, survived, failed, leftOut }: Run): void {
  const total = (what: "injected" | "kills" | "checks") => survived.reduce((sum, verdict) => sum + verdict[what], 0);
  console.log("\nfaults:");
  for (const { fault, injected, checks } of survived) {
    console.log(`  survived ${String(injected).padStart(7)} times, ${String(checks).padStart(7)} checks  ${fault}`);
  }
  for (const test of failed) console.log(`  NOT SURVIVED  ${test}`);
  for (const test of leftOut) console.log(`  left out  ${test}`);
  if (code !== 0 && failed.length === 0) console.log(`  THE RUN ENDED EARLY with exit code ${code}`);
  console.log(
    `${total("injected")} faults injected, ${total("kills")} kills survived, ${total("checks")} invariants checked`,
  );
}

const folder = await Deno.makeTempDir({ prefix: "rosterd-slow-" });
let code = 1;
try {
  const run = await runTests(folder);
  printTotals(run);
  code = run.code;
} finally {
  await Deno.remove(folder, { recursive: true });
}
Deno.exit(code);
