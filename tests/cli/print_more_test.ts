/** The programs that read the output of `rosterd print completion` and `print man` accept it. */
import assert from "node:assert/strict";
import { COMMANDS } from "../../src/cli/commands.ts";
import { run } from "../support/programs.ts";
import { Workplace } from "../support/rosterd.ts";

Deno.test("the bash completion completes commands, their second word and their flags", async () => {
  await using here = await Workplace.make();
  await here.write("completion", (await here.run("print", "completion", "bash")).out);
  const completed = async (...words: string[]) => {
    const typed = ["rosterd", ...words].map((word) => `'${word}'`).join(" ");
    const script = `. ${here.path("completion")}; COMP_WORDS=(${typed}); COMP_CWORD=${words.length}; _rosterd; ` +
      'echo "${COMPREPLY[@]}"';
    return (await run("bash", "-c", script)).trim().split(" ");
  };
  assert.deepEqual(await completed("imp"), ["import", "imports"]);
  assert.deepEqual(await completed("imports", "app"), ["approve"]);
  assert.deepEqual(await completed("imports", "--json", "sh"), ["show"]);
  assert.deepEqual(await completed("imports", "--st"), ["--status"]);
});

Deno.test("the help explains the common flags once, and a command names those that it takes in one line", async () => {
  await using here = await Workplace.make();
  const program = (await here.run("--help")).out, man = (await here.run("print", "man")).out.replaceAll("\\", "");
  for (const flag of ["json", "feed NAME", "embedded", "yes", "data FOLDER"]) {
    const row = new RegExp(`^  --${flag} +\\S`, "gm");
    assert.equal(program.match(row)?.length, 1, flag);
    assert.equal(man.replace(/^ {2}--feed NAME +list only .*$/m, "").match(row)?.length, 1, flag);
  }
  const { out } = await here.run("import", "--help");
  assert.match(
    out,
    /^Common flags \(rosterd --help explains them\): --json --embedded --feed --upload .* --log-format\n$/m,
  );
  assert.deepEqual(out.match(/^ {2}--.*?(?= )/gm), ["  --failed-file"]);
});

Deno.test("the manual page names every command, and no line of text begins with a roff request", async () => {
  await using here = await Workplace.make();
  const { out } = await here.run("print", "man");
  for (const { words } of COMMANDS) assert.ok(out.includes(`.SS ${words.replaceAll("-", "\\-")}\n`), words);
  const requests = new Set(out.split("\n").filter((line) => /^[.']/.test(line)).map((line) => line.split(" ")[0]));
  assert.deepEqual([...requests].sort(), [".B", ".SH", ".SS", ".TH", ".fi", ".nf"]);
});
