/** An operand that cannot be opened is reported, and the others are still imported. */
import assert from "node:assert/strict";
import { mkdir, symlink } from "node:fs/promises";
import type { Report } from "../../src/domain/outcome.ts";
import { IS_ROOT } from "../inbox/other_process.ts";
import { missingPrograms } from "../support/programs.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { FROM_SOURCE, Workplace } from "../support/rosterd.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

const noStrace = missingPrograms("strace");
if (noStrace !== null) console.error(`LEFT OUT: the test of ${import.meta.url} with a sick disk: ${noStrace}`);

/** Runs as root without capabilities, so that modes apply. */
const PROGRAM = IS_ROOT ? ["setpriv", "--bounding-set=-all", "--inh-caps=-all", ...FROM_SOURCE] : FROM_SOURCE;

for (const command of ["check", "import"]) {
  Deno.test({
    name: `${command} reports each operand that cannot be opened and continues with the others, also with --json`,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using here = await Workplace.make({ DATABASE_URL: database.url }, PROGRAM);
      await here.write("good.csv", "unique_id,login_source\n1,ldap\n");
      await here.write("also.csv", "unique_id,login_source\n2,ldap\n");
      await here.write("hidden.csv", "unique_id,login_source\n3,ldap\n");
      await Deno.chmod(here.path("hidden.csv"), 0);
      await mkdir(here.path("folder"));
      await symlink("loop.csv", here.path("loop.csv"));
      const operands: readonly [string, string | null, RegExp][] = [
        ["good.csv", null, /^$/],
        ["absent.csv", "enoent", /^the file does not exist$/],
        ["hidden.csv", "eacces", /you do not have permission to read the file/],
        ["folder", "eisdir", /^it is a folder$/],
        ["loop.csv", "eloop", /the symbolic links in its path form a loop/],
        ["x".repeat(300), "enametoolong", /its name is too long/],
        ["good.csv/x.csv", "enotdir", /part of its path is not a folder/],
        ["/dev/null", "not_a_plain_file", /it is not a regular file/],
        ["also.csv", null, /^$/],
      ];
      const paths = operands.map(([path]) => path);
      const { code, out, err } = await here.run(command, "--json", ...paths);
      assert.deepEqual([code, err], [1, ""]);
      const document: Record<string, Report[]> = JSON.parse(out), reports = document[`${command}s`];
      assert.equal(reports.length, paths.length);
      for (const [at, [path, reason, text]] of operands.entries()) {
        const report = reports[at];
        assert.deepEqual([report.reason?.code ?? null, report.created], [reason, reason === null ? 1 : 0], path);
        if (reason !== null) assert.match(report.reason!.text, text);
      }
      const plain = await here.run(command, ...paths);
      assert.deepEqual([plain.code, plain.err], [1, ""]);
      assert.equal(plain.out.match(/: error$/gm)?.length, paths.length - 2);
    },
  });
}

Deno.test({
  name: "a disk error is reported for its file, and the next file is still checked",
  ignore: unavailable !== null || noStrace !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using here = await Workplace.make({ DATABASE_URL: database.url });
    const sick = here.path("sick.csv");
    const fault = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", sick, "-e", "inject=openat:error=EIO"];
    await here.write("sick.csv", "unique_id,login_source\n1,ldap\n");
    await here.write("good.csv", "unique_id,login_source\n2,ldap\n");
    const { code, out } = await here.with([...fault, ...FROM_SOURCE]).run("check", "--json", sick, "good.csv");
    const { checks: reports }: { checks: Report[] } = JSON.parse(out);
    assert.deepEqual([code, ...reports.map(({ status }) => status)], [1, "error", "done"]);
    assert.deepEqual([reports[0].reason!.code, reports[0].reason!.text], ["eio", "it cannot be opened (EIO)"]);
  },
});
