/** The bar that `import` and `check` show on a terminal, which `script` provides here. */
import assert from "node:assert/strict";
import { progressLine } from "../../src/cli/progress_bar.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { missingPrograms, pathOfProgram } from "../support/programs.ts";
import { Workplace } from "../support/rosterd.ts";

const unavailable = await serverUnavailable() ?? missingPrograms("script");
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url} on a terminal: ${unavailable}`);

Deno.test("the bar shows the share that is read, and from the first second on the time left", () => {
  const progress = { stage: "reading", bytes: 30, total_bytes: 120, records: 1_234 } as const;
  assert.equal(progressLine(progress, 900), "reading [#####---------------] 25%, 1,234 records");
  assert.equal(progressLine(progress, 10_000), "reading [#####---------------] 25%, 1,234 records, 30 s left");
  assert.equal(progressLine(progress, 60_000), "reading [#####---------------] 25%, 1,234 records, 3 min left");
  assert.equal(progressLine({ ...progress, bytes: 130 }, 60_000), "reading [####################] 100%, 1,234 records");
  assert.equal(
    progressLine({ ...progress, stage: "examining", records: 0, bytes: 0 }, 9_000),
    `checking [${"-".repeat(20)}] 0%`,
  );
  assert.equal(progressLine({ ...progress, stage: "merging" }, 9_000), "merging, 1,234 records");
});

Deno.test({
  name: "import and check show a bar on a terminal; a file and --json get none",
  ignore: unavailable !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    await here.write("roster.csv", "unique_id,login_source\n1,ldap\n");
    const onTerminal = async (...words: string[]) => {
      const command = [...here.program, ...words].map((word) => `'${word}'`).join(" ");
      return (await here.with([pathOfProgram("script")!, "-qefc", command]).run("/dev/null")).out;
    };
    for (const word of ["check", "import"]) {
      const shown = await onTerminal(word, "roster.csv");
      assert.ok(shown.includes("\r\x1b[Kroster.csv: reading [####################] 100%"), shown);
      assert.ok(shown.includes("\r\x1b[Kroster.csv: merging, 1 record\r\x1b[K"), "the bar is replaced, and removed");
      assert.ok(!shown.replaceAll("\x1b[K", "").includes("\x1b"), "NO_COLOR");
    }
    const json = await onTerminal("check", "roster.csv", "--json");
    assert.ok(!json.includes("\x1b") && !json.includes("reading"), json);
    const { err } = await here.run("import", "roster.csv");
    assert.equal(err, "");
  },
});
