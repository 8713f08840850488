import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { billOfMaterials, type Component, type Lock } from "../../.ci/sbom.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Runs the script as the release workflow does. */
async function printed(): Promise<ReturnType<typeof billOfMaterials>> {
  const args = ["run", "--no-prompt", "--allow-read=.", ".ci/sbom.ts"];
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: ROOT }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("the bill of materials lists every npm package of deno.lock with its version and checksum", async () => {
  const { components } = await printed();
  const { npm }: Lock = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock")));
  const listed = new Map(components.map(({ purl, hashes }) => [decodeURIComponent(purl), hashes?.[0].content]));
  const keys = Object.keys(npm);
  assert.ok(keys.length > 50);
  for (const key of keys) {
    const [nameAndVersion] = /^@?[^@]+@[^_]+/.exec(key)!;
    const checksum = Uint8Array.fromBase64(npm[key].integrity.slice("sha512-".length)).toHex();
    assert.equal(listed.get(`pkg:npm/${nameAndVersion}`), checksum, key);
  }
  assert.equal(listed.size, keys.length + 1, "and Deno itself");
  assert.ok(listed.has(`pkg:github/denoland/deno@v${Deno.version.deno}`));
});

Deno.test("packages of the tests are marked as excluded, and packages of the program as required", async () => {
  const { components, dependencies } = await printed();
  const scopes = new Map(components.map(({ name, scope }: Component) => [name, scope]));
  for (const name of ["hono", "postgres", "openapi3-ts", "@electric-sql/pglite", "zod"]) {
    assert.equal(scopes.get(name), "required", name);
  }
  for (const name of ["playwright-core", "smtp-server", "fast-check", "undici-types"]) {
    assert.equal(scopes.get(name), "excluded", name);
  }
  const references = new Set(components.map((component) => component["bom-ref"]));
  for (const { dependsOn } of dependencies) for (const reference of dependsOn) assert.ok(references.has(reference));
});

Deno.test("if a package has two versions, only the imported version and its dependencies are required", () => {
  const integrity = "sha512-AAAA";
  const lock: Lock = {
    specifiers: { "npm:a@2.0.0": "2.0.0_b@1.0.0", "npm:test@1.0.0": "1.0.0" },
    npm: {
      "a@1.0.0": { integrity },
      "a@2.0.0_b@1.0.0": { integrity, dependencies: ["b"] },
      "b@1.0.0": { integrity },
      "test@1.0.0": { integrity, dependencies: ["a@1.0.0"] },
    },
  };
  const { components } = billOfMaterials(lock, ["npm:a@2.0.0"], { rosterd: "1.0.0", deno: "2.9.6" });
  const required = components.filter(({ scope }) => scope === "required").map(({ name, version }) => [name, version]);
  assert.deepEqual(required, [["deno", "2.9.6"], ["a", "2.0.0"], ["b", "1.0.0"]]);
  const broken = { ...lock, npm: { "a@2.0.0_b@1.0.0": { integrity, dependencies: ["b"] } } };
  assert.throws(
    () => billOfMaterials(broken, ["npm:a@2.0.0"], { rosterd: "1.0.0", deno: "2.9.6" }),
    /deno\.lock lacks b,/,
  );
});
