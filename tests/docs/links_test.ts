/** Every link in the documentation has a target, and so does every reference to `docs/` in a comment. */
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { anchorsOf, linksOf, referencesIn } from "./links.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SOURCE = /\.(?:ts|js|sql|css)$/;

async function filesUnder(folder: string, wanted: RegExp): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = join(folder, name);
    if (isDirectory) files.push(...await filesUnder(path, wanted));
    else if (wanted.test(name)) files.push(path);
  }
  return files.sort();
}

/** What is wrong with a target in the repository; null if it exists. */
async function brokenTarget(target: string): Promise<string | null> {
  const [path, anchor] = target.split("#");
  const text = await Deno.readTextFile(join(ROOT, path)).catch((error) => {
    if (error instanceof Deno.errors.NotFound) return null;
    // The target is a folder or an image.
    return "";
  });
  if (text === null) return `${path} does not exist`;
  return anchor === undefined || anchorsOf(text).has(anchor) ? null : `${path} has no heading #${anchor}`;
}

async function brokenIn(file: string, targetsOf: (text: string) => string[]): Promise<string[]> {
  const broken: string[] = [];
  for (const target of targetsOf(await Deno.readTextFile(join(ROOT, file)))) {
    const why = await brokenTarget(target);
    if (why !== null) broken.push(`${file}: ${why}`);
  }
  return broken;
}

async function markdownFiles(): Promise<string[]> {
  return ["README.md", "CHANGELOG.md", "tests/bench/README.md", ...await filesUnder("docs", /\.md$/)];
}

/** Returns a link as a path in the repository. Excludes links to other sites. */
function targetsFrom(file: string): (text: string) => string[] {
  return (text) =>
    linksOf(text).filter((link) => !/^[a-z]+:/.test(link)).map((link) =>
      link.startsWith("#") ? `${file}${link}` : join(dirname(file), link)
    );
}

Deno.test("every link in README.md, CHANGELOG.md and docs/ leads to an existing file and heading", async () => {
  const files = await markdownFiles();
  const broken = await Promise.all(files.map((file) => brokenIn(file, targetsFrom(file))));
  assert.deepEqual(broken.flat(), []);
});

/** These files are excluded because their samples refer to pages that do not exist. */
const ABOUT_TEXTS = /^tests\/(docs\/|ci\/language_test\.ts$)/;

Deno.test("every page and heading of docs/ that a comment names exists", async () => {
  const folders = await Promise.all(["src", "tests", ".ci"].map((folder) => filesUnder(folder, SOURCE)));
  const files = ["main.ts", ...folders.flat()].filter((file) => !ABOUT_TEXTS.test(file));
  const broken = await Promise.all(files.map((file) => brokenIn(file, referencesIn)));
  assert.deepEqual(broken.flat(), []);
});

Deno.test("every page of docs/ can be reached from README.md", async () => {
  const reached = new Set<string>(), queue = ["README.md"];
  for (const file of queue) {
    if (reached.has(file)) continue;
    reached.add(file);
    const targets = targetsFrom(file)(await Deno.readTextFile(join(ROOT, file)));
    queue.push(...targets.map((target) => target.split("#")[0]).filter((path) => /^docs\/.*\.md$/.test(path)));
  }
  assert.deepEqual((await filesUnder("docs", /\.md$/)).filter((file) => !reached.has(file)), []);
});

Deno.test("all headings of a page have different anchors", async () => {
  for (const file of await markdownFiles()) {
    const text = await Deno.readTextFile(join(ROOT, file));
    const numbered = [...anchorsOf(text)].filter((anchor) =>
      /-\d+$/.test(anchor) && anchorsOf(text).has(anchor.replace(/-\d+$/, ""))
    );
    assert.deepEqual(numbered, [], file);
  }
});
