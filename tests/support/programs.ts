/** Programs of the system that a test needs beside Deno. */
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Where a program is; servers stand where the path of a plain user does not lead. Null when it is not installed. */
export function pathOfProgram(name: string): string | null {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/** Why tests that need these programs cannot run: the names of those that are missing. Null when all are there. */
export function missingPrograms(...names: readonly string[]): string | null {
  const missing = names.filter((name) => pathOfProgram(name) === null);
  return missing.length === 0 ? null : `not installed: ${missing.join(", ")}`;
}

/** Runs a program to its end. Throws what it said when it fails. */
export async function run(program: string, ...args: readonly string[]): Promise<string> {
  const command = new Deno.Command(pathOfProgram(program) ?? program, { args: [...args], stdin: "null" });
  const { success, stdout, stderr } = await command.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  if (!success) throw new Error(`${program}: ${text(stderr) || text(stdout)}`);
  return text(stdout);
}
