/**
 * Prints the software bill of materials of a release, as CycloneDX JSON: `deno run --allow-read=. .ci/sbom.ts > FILE`.
 * Lists Deno and every npm package of `deno.lock` with its version and checksum. Packages that only tests use have the
 * scope `excluded`. The output for the same checkout is always the same.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Lock {
  /** Maps each specifier, such as `npm:zod@4.6.7`, to the resolved version with its peers. */
  specifiers: Readonly<Record<string, string>>;
  npm: Readonly<Record<string, { integrity: string; dependencies?: readonly string[] }>>;
}

export interface Component {
  type: "library" | "platform";
  "bom-ref": string;
  name: string;
  version: string;
  purl: string;
  scope: "required" | "excluded";
  hashes?: { alg: "SHA-512"; content: string }[];
}

/** `@scope/name@1.2.3_peer@4.5.6`, a key of the lock file, without its peers. */
function splitKey(key: string): { name: string; version: string } {
  const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(key)!;
  return { name, version };
}

function purlOf(key: string): string {
  const { name, version } = splitKey(key);
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

/**
 * The key of a dependency. A dependency is a name, followed by a version only if the lock file has several versions.
 */
function keyOf(dependency: string, lock: Lock): string {
  const key = Object.keys(lock.npm).find((key) => key === dependency || splitKey(key).name === dependency);
  if (key === undefined) throw new Error(`deno.lock lacks ${dependency}, which one of its packages needs.`);
  return key;
}

/** The key of a package that the program imports, by its specifier in `deno.json`. */
function keyOfSpecifier(specifier: string, lock: Lock): string {
  return `${splitKey(specifier.replace(/^npm:/, "")).name}@${lock.specifiers[specifier]}`;
}

/** The given packages and all their dependencies. */
function reachable(keys: readonly string[], lock: Lock): Set<string> {
  const found = new Set<string>();
  const open = [...keys];
  for (let key = open.pop(); key !== undefined; key = open.pop()) {
    if (found.has(key)) continue;
    found.add(key);
    open.push(...dependenciesOf(key, lock));
  }
  return found;
}

function dependenciesOf(key: string, lock: Lock): string[] {
  return (lock.npm[key].dependencies ?? []).map((dependency) => keyOf(dependency, lock));
}

/** The names by which the modules of a folder import packages. */
export async function importedPackages(folder: string): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) (await importedPackages(path)).forEach((found) => names.add(found));
    else if (name.endsWith(".ts")) {
      const imports = (await Deno.readTextFile(path)).matchAll(/\bfrom "((?:@[\w-]+\/)?[\w-]+)[^":]*"/g);
      for (const [, found] of imports) names.add(found);
    }
  }
  return names;
}

function componentOf(key: string, lock: Lock, required: ReadonlySet<string>): Component {
  const base64 = lock.npm[key].integrity.replace(/^sha512-/, "");
  const content = Array.from(atob(base64), (byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return {
    type: "library",
    "bom-ref": purlOf(key),
    ...splitKey(key),
    purl: purlOf(key),
    scope: required.has(key) ? "required" : "excluded",
    hashes: [{ alg: "SHA-512", content }],
  };
}

/** The whole document. `specifiers` lists the specifiers of the packages that the program imports. */
export function billOfMaterials(
  lock: Lock,
  specifiers: readonly string[],
  versions: { rosterd: string; deno: string },
) {
  const deno = `pkg:github/denoland/deno@v${versions.deno}`;
  const rosterd = `pkg:generic/rosterd@${versions.rosterd}`;
  const direct = specifiers.map((specifier) => keyOfSpecifier(specifier, lock)).sort();
  const required = reachable(direct, lock);
  const runtime: Component = {
    ...{ type: "platform", "bom-ref": deno, name: "deno", version: versions.deno, purl: deno, scope: "required" },
  };
  return {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      component: { type: "application", "bom-ref": rosterd, name: "rosterd", version: versions.rosterd, purl: rosterd },
    },
    components: [runtime, ...Object.keys(lock.npm).map((key) => componentOf(key, lock, required))],
    dependencies: [
      { ref: rosterd, dependsOn: [deno, ...direct.map(purlOf)] },
      ...Object.keys(lock.npm).map((key) => ({ ref: purlOf(key), dependsOn: dependenciesOf(key, lock).map(purlOf) })),
    ],
  };
}

if (import.meta.main) {
  const readJson = async (name: string) => JSON.parse(await Deno.readTextFile(join(ROOT, name)));
  const { version, imports } = await readJson("deno.json");
  const specifiers = [...await importedPackages(join(ROOT, "src"))].map((name) => imports[name]);
  const versions = { rosterd: version, deno: Deno.version.deno };
  console.log(JSON.stringify(billOfMaterials(await readJson("deno.lock"), specifiers, versions), null, 2));
}
