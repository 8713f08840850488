/** Types the sessions in `docs/tutorial.md` word for word: each shell block must print the text block that follows. */
import assert from "node:assert/strict";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { missingPrograms } from "../support/programs.ts";
import { hasCurl, readPage, startSession, stepsIn } from "./typed_session.ts";

const curl = await hasCurl();
if (!curl) console.error(`LEFT OUT: the tests of the tutorial's sessions: curl is not installed`);

/** Replaces the folder in the session with the test's folder. */
type Here = (text: string, folder: string) => string;

function sessionTest(heading: string, outputs: number, here: Here): void {
  Deno.test({
    name: nameOf(heading),
    ignore: !curl,
    fn: (t) => typeSession(t, heading, outputs, here),
  });
}

function nameOf(heading: string): string {
  return `the tutorial's session "${heading}" does and prints what it says`;
}

async function typeSession(t: Deno.TestContext, heading: string, outputs: number, here: Here): Promise<void> {
  const [section] = (await readPage("docs/tutorial.md")).split(`\n## ${heading}\n`)[1].split("\n## ");
  const [start, ...steps] = stepsIn(section);
  assert.equal(steps.filter(({ output }) => output !== null).length, outputs, "the number of outputs shown");
  const folder = await Deno.makeTempDir({ prefix: "rosterd-tutorial-" });
  await using session = await startSession(folder, here(start.lines, folder));
  await session.type(t, steps, (text) => here(text, folder));
}

sessionTest(
  "First import",
  3,
  (text, folder) => text.replaceAll(/(?<=\s)(?=(?:upload|data)\/|turn\.json)/g, `${folder}/`),
);
sessionTest("Archive guard", 4, (text, folder) => text.replaceAll("/tmp/guard", folder));
sessionTest("Two feeds", 3, (text, folder) => text.replaceAll("/tmp/feeds", folder));

const noServer = await serverUnavailable() ?? missingPrograms("psql");
if (noServer !== null) console.error(`LEFT OUT: the tutorial's session on a server: ${noServer}`);

Deno.test({
  name: nameOf("One person, two ids"),
  ignore: noServer !== null,
  async fn(t) {
    await using database = (await testDatabase())!;
    await typeSession(
      t,
      "One person, two ids",
      4,
      (text, folder) =>
        text.replaceAll("/tmp/people", folder).replaceAll("postgres://postgres@127.0.0.1:5432/people", database.url),
    );
  },
});
