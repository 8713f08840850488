/**
 * The permissions of the tasks and the binary are sufficient. Other tests run with all permissions, so they would not
 * notice a missing permission.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { PERMISSIONS } from "../../.ci/permissions.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: a test of ${import.meta.url}: ${unavailable}`);

Deno.test("the tasks run with the same permissions as the binary", () => {
  for (const task of [manifest.tasks.start, manifest.tasks.rosterd]) {
    assert.ok(task.startsWith(`deno run ${PERMISSIONS.join(" ")} main.ts`), task);
  }
});

Deno.test({
  name: "with the permissions of the binary, status reports that no service is running",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
    try {
      await Deno.mkdir(`${folder}/upload`);
      const flags = [`--data=${folder}/data`, `--settings=${folder}/settings.json`, `--upload=${folder}/upload`];
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--quiet", "--no-check", ...PERMISSIONS, MAIN, "status", ...flags],
        env: { DATABASE_URL: database.url },
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      assert.match(out, /no rosterd is using this database/, err);
      assert.equal(code, 1);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
