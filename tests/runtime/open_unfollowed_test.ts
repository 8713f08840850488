/**
 * The released binary does not have all permissions, so Deno itself resolves links. The test starts a second process
 * with these permissions.
 */
import assert from "node:assert/strict";
import { symlink, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../.ci/permissions.ts";
import { openUnfollowed } from "../../src/runtime/open_unfollowed.ts";

async function codes(...paths: string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    found.push(await openUnfollowed(path).then((file) => file.close().then(() => "opened"), ({ code }) => code));
  }
  return found;
}

if (import.meta.main) console.log(JSON.stringify(await codes(...Deno.args)));

Deno.test("a symbolic link is not followed, either with all permissions or with the permissions of the binary", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await writeFile(`${folder}/file`, "secret");
    await symlink(`${folder}/file`, `${folder}/link`);
    await symlink(`nowhere`, `${folder}/dangling`);
    const paths = ["file", "link", "dangling", "none", "."].map((name) => `${folder}/${name}`);
    const expected = ["opened", "ELOOP", "ELOOP", "ENOENT", "opened"];
    assert.deepEqual(await codes(...paths), expected);
    const args = ["run", ...PERMISSIONS, "--quiet", "--no-check", fileURLToPath(import.meta.url), ...paths];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert.deepEqual(JSON.parse(new TextDecoder().decode(stdout)), expected);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
