/**
 * Checks the imports of `src/`: `deno run -R .ci/ranks.ts`. A folder may import from itself and from lower ranks, but
 * not from another folder of the same rank. Import cycles are not allowed; type imports count, too. Tests and `.ci/`
 * may import any module.
 */
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** A folder may import from lower ranks. Every folder of `src/` needs a rank. */
export const RANKS: Readonly<Record<string, number>> = {
  "main.ts": 7,
  "src/cli": 6,
  "src/app.ts": 5,
  "src/service": 4,
  "src/config.ts": 3,
  "src/host": 3,
  "src/http": 3,
  "src/inbox": 3,
  "src/postgres": 3,
  "src/smtp": 3,
  "src/importer": 2,
  "src/domain": 1,
  "src/runtime": 0,
  "deno.json": 0,
};

export interface RankFault {
  /** The path, relative to the root. */
  file: string;
  line: number;
  text: string;
}

/** Reads `main.ts` and everything under `src/`. */
export async function findRankFaults(root: string, ranks: Readonly<Record<string, number>>): Promise<RankFault[]> {
  const faults: RankFault[] = [];
  const imports = new Map<string, { line: number; target: string }[]>();
  for (const file of await sources(root)) {
    const text = await Deno.readTextFile(join(root, file));
    const found = relativeImports(text).map(({ line, specifier }) => ({
      line,
      target: normalize(join(dirname(file), specifier)).replaceAll("\\", "/"),
    }));
    imports.set(file, found);
    for (const { line, target } of found) {
      const fault = judge(place(file), place(target), ranks);
      if (fault !== null) faults.push({ file, line, text: `${fault} (imports ${target})` });
    }
  }
  return [...faults, ...findCircles(imports)];
}

/** Reports each cycle once, at the import that closes it. */
function findCircles(imports: ReadonlyMap<string, readonly { line: number; target: string }[]>): RankFault[] {
  const faults: RankFault[] = [];
  const done = new Set<string>(), path: string[] = [];
  const follow = (file: string) => {
    path.push(file);
    for (const { line, target } of imports.get(file) ?? []) {
      const from = path.indexOf(target);
      if (from >= 0) faults.push({ file, line, text: `a cycle: ${[...path.slice(from), target].join(" → ")}` });
      else if (!done.has(target)) follow(target);
    }
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) if (!done.has(file)) follow(file);
  return faults;
}

async function sources(root: string): Promise<string[]> {
  const found: string[] = ["main.ts"];
  const folders = [join(root, "src")];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      const path = join(folder, name);
      if (isDirectory) folders.push(path);
      else if (name.endsWith(".ts")) found.push(relative(root, path).replaceAll("\\", "/"));
    }
  }
  return found.sort();
}

/** `import … from "./x"`, `export … from`, `import "./x"`, `import("./x")` and `new URL("./x", import.meta.url)`. */
const IMPORT = /(?:\bfrom\s*|\bimport\s*\(?\s*|\bnew\s+URL\(\s*)"(\.{1,2}\/[^"]*)"/g;

/** The imports of a module that lead to another file. Imports in comments do not count. */
export function relativeImports(text: string): { line: number; specifier: string }[] {
  const code = text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, (comment) => comment.replace(/[^\n]/g, " "));
  return [...code.matchAll(IMPORT)].map((match) => ({
    line: code.slice(0, match.index).split("\n").length,
    specifier: match[1],
  }));
}

/** The part of a path that has a rank: a file in the root or in `src/`, or a folder of `src/`. */
function place(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

function judge(from: string, to: string, ranks: Readonly<Record<string, number>>): string | null {
  if (from === to) return null;
  const unknown = [from, to].find((name) => ranks[name] === undefined);
  if (unknown !== undefined) return `${unknown} has no rank: give it one in .ci/ranks.ts`;
  if (ranks[to] < ranks[from]) return null;
  return `${from} has rank ${ranks[from]} and must not import ${to}, which has rank ${ranks[to]}`;
}

if (import.meta.main) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const faults = await findRankFaults(root, RANKS);
  for (const { file, line, text } of faults) console.error(`${file}:${line}: ${text}`);
  if (faults.length > 0) {
    console.error(`${faults.length} imports break the ranks or close a cycle`);
    Deno.exit(1);
  }
  console.error("import ranks: ok");
}
