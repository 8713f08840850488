/**
 * Represents folder trees as literals: `plant` creates a tree, and `treeOf` reads one. A string is a file, and an
 * object is a folder.
 */
import { lstat, mkdir, readdir, readFile, readlink, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";

export type Tree = { [name: string]: string | Uint8Array | Tree | typeof PIPE | LinkTo };
interface LinkTo {
  readonly linkTo: string;
}

export const PIPE = Symbol("pipe");
export const linkTo = (target: string): LinkTo => ({ linkTo: target });

/** All planted files have this time, so their names determine the order. */
export const PLANTED_AT = new Date("2026-11-20T12:00:00Z");

export async function plant(root: string, tree: Tree): Promise<void> {
  for (const [name, node] of Object.entries(tree)) {
    const path = join(root, name);
    if (node === PIPE) await makePipe(path);
    else if (typeof node === "string" || node instanceof Uint8Array) {
      await writeFile(path, node);
      await utimes(path, PLANTED_AT, PLANTED_AT);
    } else if (isLink(node)) await symlink(node.linkTo, path);
    else {
      await mkdir(path, { recursive: true });
      await plant(path, node as Tree);
    }
  }
}

/** Returns files as text, folders as objects, links as `→ target` and other entries as `special`. */
export async function treeOf(
  root: string,
  { but = (_: string): boolean => false } = {},
): Promise<Record<string, unknown>> {
  const tree: Record<string, unknown> = {};
  for (const name of (await readdir(root)).sort()) {
    if (but(name)) continue;
    const path = join(root, name);
    const stats = await lstat(path);
    if (stats.isDirectory()) tree[name] = await treeOf(path);
    else if (stats.isSymbolicLink()) tree[name] = `→ ${await readlink(path)}`;
    else tree[name] = stats.isFile() ? await readFile(path, "utf8") : "special";
  }
  return tree;
}

function isLink(node: unknown): node is LinkTo {
  return typeof node === "object" && node !== null && "linkTo" in node;
}

async function makePipe(path: string): Promise<void> {
  await run("mkfifo", "--", path);
}

/** Runs a program. Throws the program's output if it fails. */
export async function run(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
