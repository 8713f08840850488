/** System programs that a test needs in addition to Deno. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * The path to a program. Also searches the sbin folders, which are missing from a normal user's PATH. Null if the
 * program is not installed.
 */
export function pathOfProgram(name: string): string | null {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/**
 * Why tests that need these programs cannot run: the names of the missing programs. Null if all programs are installed.
 */
export function missingPrograms(...names: readonly string[]): string | null {
  const missing = names.filter((name) => pathOfProgram(name) === null);
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")}`;
}

/** Runs a program and waits for it to end. Throws the output if the program fails. */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(pathOfProgram(program) ?? program, { args: [...args], stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program}: ${text(stderr) || text(stdout)}`);
  return text(stdout);
}
