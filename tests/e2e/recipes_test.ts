/** Follows the recipes in `docs/recipes/` word for word, each with a new service. */
import assert from "node:assert/strict";
import { testDatabase } from "../support/postgres.ts";
import { hasCurl, readPage, startSession, stepsIn } from "./typed_session.ts";

const curl = await hasCurl();
if (!curl) console.error(`LEFT OUT: the test of the recipes: curl is not installed`);

const PAGES = ["canvas.md", "hr-system.md", "moodle.md", "oneroster.md", "student-system.md"];

Deno.test({
  name: "with the settings of a recipe, rosterd reads the export, and prints the output that the recipe shows",
  ignore: !curl,
  async fn(t) {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-recipes-" });
    // Uses a server because that is faster than creating an embedded database.
    await using database = await testDatabase();
    const server = database === null ? "" : `DATABASE_URL='${database.url}' `;
    await using session = await startSession(folder, `${server}deno task start`);
    const here = (text: string) => text.replaceAll(/(?<=\s)(?=data\/|settings\.now\.json)/g, `${folder}/`);
    const token = await Deno.readTextFile(`${folder}/data/admin-token`);
    const headers = { authorization: `Bearer ${token.trim()}`, "content-type": "application/json" };
    const first = await (await fetch(`${session.address}/settings`, { headers })).text();
    for (const page of PAGES) {
      const steps = stepsIn(await readPage(`docs/recipes/${page}`));
      assert.deepEqual(steps.map(({ output }) => output !== null), [false, true], page);
      await t.step(page, (t) => session.type(t, steps, here));
      const reset = await fetch(`${session.address}/settings`, { method: "PUT", headers, body: first });
      assert.equal(reset.status, 200, await reset.text());
    }
  },
});

Deno.test("every recipe is tested, is in the list of recipes, and shows the tested settings", async () => {
  const pages = [];
  for await (const { name } of Deno.readDir(new URL("../../docs/recipes", import.meta.url))) pages.push(name);
  assert.deepEqual(pages.filter((name) => name !== "README.md").sort(), PAGES);
  const list = await readPage("docs/recipes/README.md");
  for (const page of PAGES) {
    assert.ok(list.includes(`](${page})`), page);
    const recipe = await readPage(`docs/recipes/${page}`);
    const [, patch] = /<<'END'\n(.*?)^END$/ms.exec(recipe)!, [folder] = /tests\/testdata\/\w+/.exec(recipe)!;
    assert.deepEqual(JSON.parse(patch), JSON.parse(await readPage(`${folder}/settings.json`)), page);
  }
});
