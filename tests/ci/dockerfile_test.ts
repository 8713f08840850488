/** Checks the main points of the Dockerfile without building it. */
import assert from "node:assert/strict";

const textOf = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));
/** Removes comments and joins continued lines. */
const instructions = (await textOf("Dockerfile")).replace(/^#.*\n/gm, "").replaceAll("\\\n", " ").split("\n");
const valuesOf = (word: string) =>
  instructions.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1).trim());

Deno.test("the image pins exact versions, and uses the same version of Deno as the release and the checks", async () => {
  const images = valuesOf("FROM").map((value) => value.split(" ")[0]);
  for (const image of images) assert.match(image, /^[a-z/]+:\d+\.\d+(\.\d+)?(-slim)?$/);
  const deno = /^denoland\/deno:(.*)$/.exec(images[0])![1];
  for (const path of [".ci/run", ".github/workflows/release.yml"]) {
    const versions = [...(await textOf(path)).matchAll(/\bdeno@([\d.]+)/g)].map(([, version]) => version);
    assert.deepEqual([...new Set(versions)], [deno], path);
  }
});

Deno.test("the container has an unprivileged user and a health check, and receives signals directly", () => {
  assert.deepEqual(valuesOf("USER"), ["1000:1000"]);
  assert.match(valuesOf("HEALTHCHECK")[0], /CMD \["rosterd", "healthcheck"\]$/);
  assert.deepEqual(valuesOf("ENTRYPOINT"), ['["rosterd"]'], "no shell between them");
  assert.deepEqual(valuesOf("VOLUME"), ['["/upload", "/data"]']);
});

Deno.test("the last stage of the image contains only Debian, the compiled program and its license", () => {
  const last = instructions.slice(instructions.findLastIndex((line) => line.startsWith("FROM "))).join("\n");
  assert.doesNotMatch(last, /\b(apt|apt-get|curl|wget|npm|npx|ADD)\b/);
  assert.equal(valuesOf("COPY").filter((value) => value.startsWith("--from=compile ")).length, 2);
});

Deno.test("the build context contains only files that the build reads, and no secrets or data of a developer", async () => {
  const lines = (await textOf(".dockerignore")).trim().split("\n");
  assert.deepEqual(lines, ["*", "!.ci", "!deno.json", "!deno.lock", "!main.ts", "!src", "!LICENSE"]);
});
