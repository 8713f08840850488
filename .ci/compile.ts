/**
 * Compiles rosterd into one binary: `deno run -A .ci/compile.ts OUTPUT`, with the Deno that runs it. Used by `deno task
 * compile` and by the test of the binary, so that what is tested is what is released.
 */
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "./permissions.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Modules that the program loads as workers; the compiler sees only imports. */
const WORKERS = ["src/postgres/connection/embedded_worker.ts"];

/** The arguments of `deno compile` for this version of Deno. */
export function compileArguments(output: string, version: string): string[] {
  return [
    "compile",
    "--frozen",
    ...PERMISSIONS,
    ...(knowsUnusedPackages(version) ? ["--exclude-unused-npm"] : []),
    ...WORKERS.flatMap((path) => ["--include", path]),
    "--output",
    output,
    "main.ts",
  ];
}

/** From 2.9 on Deno can leave out the packages that only tests use: 9 MB less. */
function knowsUnusedPackages(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}

if (import.meta.main) {
  const [output] = Deno.args;
  if (Deno.args.length !== 1) {
    console.error("usage: deno run -A .ci/compile.ts OUTPUT");
    Deno.exit(64);
  }
  const args = compileArguments(output, Deno.version.deno);
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status;
  Deno.exit(code);
}
