/**
 * Compiles rosterd into one binary: `deno run -A .ci/compile.ts OUTPUT [TARGET]`. The default target is this machine;
 * `aarch64-unknown-linux-gnu` is another possible target. `deno task compile`, the release and the binary test all use
 * this script.
 */
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "./permissions.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Modules that the program starts as workers. The compiler itself finds only imported modules. */
const WORKERS = ["src/postgres/connection/embedded_worker.ts"];

/** The arguments of `deno compile` for this version of Deno. */
export function compileArguments(output: string, version: string, target?: string): string[] {
  return [
    "compile",
    "--frozen",
    ...PERMISSIONS,
    ...(knowsUnusedPackages(version) ? ["--exclude-unused-npm"] : []),
    ...(target === undefined ? [] : ["--target", target]),
    ...WORKERS.flatMap((path) => ["--include", path]),
    "--output",
    output,
    "main.ts",
  ];
}

/** Since 2.9, Deno can leave out packages that only tests use, which saves 9 MB. */
function knowsUnusedPackages(version: string): boolean {
  const [major, minor] = version.split(".").map(Number);
  return major > 2 || (major === 2 && minor >= 9);
}

if (import.meta.main) {
  const [output, target] = Deno.args;
  if (Deno.args.length !== 1 && Deno.args.length !== 2) {
    console.error("usage: deno run -A .ci/compile.ts OUTPUT [TARGET]");
    Deno.exit(64);
  }
  const args = compileArguments(output, Deno.version.deno, target);
  const { code } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).spawn().status;
  Deno.exit(code);
}
