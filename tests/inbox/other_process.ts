/**
 * Runs a script from this folder in a separate process without root's privileges, so that file modes apply to it.
 */
import { fileURLToPath } from "node:url";

export const IS_ROOT = Deno.uid() === 0;

/** Starts `deno run SCRIPT ARGS`, as root without capabilities. */
export function startScript(script: string, ...args: string[]): Deno.ChildProcess {
  const command = [Deno.execPath(), "run", "-A", "--no-check", fileURLToPath(import.meta.resolve(script)), ...args];
  const [program, ...rest] = IS_ROOT ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", ...command] : command;
  return new Deno.Command(program, { args: rest, stdin: "null", stdout: "piped", stderr: "inherit" }).spawn();
}

/** Returns the JSON that a script prints. */
export async function outputOf(script: string, ...args: string[]): Promise<unknown> {
  const { success, stdout } = await startScript(script, ...args).output();
  if (!success) throw new Error(`${script} failed`);
  return JSON.parse(new TextDecoder().decode(stdout));
}
