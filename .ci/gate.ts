/**
 * Runs the checks that precede the tests: format, lint, types, import ranks, language, examples in comments. Used by
 * `deno task ok` and `.ci/run`. Continues after a failure, so that one run shows all failures.
 */
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

const PAGE = "src/http/page/assets";

const STEPS: readonly (readonly string[])[] = [
  ["fmt", "--check"],
  ["lint"],
  ["check", "."],
  // The admin page has browser globals, which other code must not use.
  ["check", "--config", ".ci/page.json", "--import-map", "deno.json", "--unstable-raw-imports", "--no-lock", PAGE],
  ["run", "--allow-read=.", ".ci/ranks.ts"],
  ["run", "--allow-read=.", ".ci/language.ts"],
  ["test", "--doc", "--permit-no-files", "--no-prompt", "src"],
];

let failed = 0;
for (const args of STEPS) {
  console.error(`\n$ deno ${args.join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT }).spawn().status;
  if (code !== 0) failed++;
}
console.error(failed === 0 ? "\ngate: ok" : `\ngate: ${failed} of ${STEPS.length} steps failed`);
Deno.exit(failed === 0 ? 0 : 1);
