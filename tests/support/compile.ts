/**
 * Compiles rosterd for the tests of the binary, as `deno task compile` does. Uses `../shared/tools/compile-env` if it
 * exists; otherwise, the Deno that runs the tests downloads its runtime.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const COMPILE = fileURLToPath(new URL("../../.ci/compile.ts", import.meta.url));
const COMPILE_ENV = fileURLToPath(new URL("../../../shared/tools/compile-env", import.meta.url));
const WITH_COMPILE_ENV = 'settings=$("$0") && eval "$settings" && exec "$DENO_COMPILE" run -A "$1" "$2"';

/**
 * Compiles into a temporary folder that is removed when the process ends. If this machine cannot compile the program,
 * returns null and prints the reason to standard error. Throws if compilation fails for any other reason.
 */
export async function compileBinary(): Promise<string | null> {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-binary-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  const output = join(folder, Deno.build.os === "windows" ? "rosterd.exe" : "rosterd");
  const provided = await isProvided();
  const { code, stderr } = await compiler(provided, output).output();
  if (code === 0) return output;
  const reason = new TextDecoder().decode(stderr);
  if (provided) throw new Error(`rosterd does not compile:\n${reason}`);
  console.error(`LEFT OUT: the tests of the compiled binary: deno compile does not work here:\n${reason}`);
  return null;
}

/** The Deno version that {@link compileBinary} uses. */
export async function compilerVersion(): Promise<string> {
  if (!await isProvided()) return Deno.version.deno;
  const args = ["-c", 'settings=$("$0") && eval "$settings" && exec "$DENO_COMPILE" --version', COMPILE_ENV];
  const { stdout } = await new Deno.Command("bash", { args, stderr: "inherit" }).output();
  return new TextDecoder().decode(stdout).split(" ")[1];
}

async function isProvided(): Promise<boolean> {
  if (Deno.build.target !== "x86_64-unknown-linux-gnu") return false;
  try {
    return (await Deno.stat(COMPILE_ENV)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function compiler(provided: boolean, output: string): Deno.Command {
  const [program, ...args] = provided
    ? ["bash", "-c", WITH_COMPILE_ENV, COMPILE_ENV, COMPILE, output]
    : [Deno.execPath(), "run", "-A", COMPILE, output];
  return new Deno.Command(program, { args, env: { NO_COLOR: "1" }, stdin: "null", stdout: "null", stderr: "piped" });
}
