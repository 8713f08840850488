/**
 * The README's session with the archive guard, typed word for word: each of its shell blocks is run, and what it prints on
 * standard output is the text block that follows. Other are only the folder, the port, and the time of day.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const FOLDER = "/tmp/guard", ADDRESS = "http://127.0.0.1:8080";

/** A shell block of the README, and the text block that shows its output. */
interface Step {
  lines: string;
  /** Null: it is not shown. */
  output: string | null;
}

async function stepsOf(heading: string): Promise<Step[]> {
  const readme = await Deno.readTextFile(join(ROOT, "README.md"));
  const [section] = readme.split(`\n## ${heading}\n`)[1].split("\n## ");
  const steps: Step[] = [];
  for (const [, indent, language, block] of section.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)) {
    const text = block.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    if (language === "sh") steps.push({ lines: text, output: null });
    else steps.at(-1)!.output = text;
  }
  return steps;
}

/** `npx -y deno@VERSION` stands for the Deno that runs the tests. */
async function withNpx(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  await Deno.writeTextFile(join(bin, "npx"), `#!/bin/sh\nshift 2\nexec "${Deno.execPath()}" "$@"\n`, { mode: 0o755 });
  const { HOME = folder, DENO_DIR, PATH } = Deno.env.toObject();
  return {
    ...{ HOME, PATH: `${bin}:${PATH}`, NO_COLOR: "1", ROSTERD_LISTEN: "127.0.0.1:0" },
    ...(DENO_DIR === undefined ? {} : { DENO_DIR }),
  };
}

function shell(script: string, env: Record<string, string>): Deno.Command {
  return new Deno.Command("sh", {
    args: ["-e", "-c", script],
    cwd: ROOT,
    clearEnv: true,
    env,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function readRecord(folder: string): Promise<{ address: string; pid: number } | null> {
  try {
    return JSON.parse(await Deno.readTextFile(join(folder, "data/service.json")));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Times of day and the stamps of names, which differ each time. */
function timeless(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME").replaceAll(/\d{8}T\d{6}Z/g, "STAMP");
}

/** What was printed is what is shown; a line `[…]` shows that lines were left out. */
function assertShown(printed: string, shown: string): void {
  const [expected, actual] = [timeless(shown), timeless(printed)];
  const pieces = expected.split(/^ *\[…\]\n/m);
  if (pieces.length === 1) return assert.equal(actual, expected);
  const pattern = pieces.map((piece) => piece.replaceAll(/[^\w\s]/g, String.raw`\$&`)).join(String.raw`(?:.*\n)+`);
  assert.match(actual, new RegExp(`^${pattern}$`));
}

async function hasCurl(): Promise<boolean> {
  return await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(() => true, () => false);
}

const curl = await hasCurl();
if (!curl) console.error(`LEFT OUT: the test of the README's session with the guard: there is no curl`);

Deno.test({
  name: "the README's session with the guard does and prints what it says",
  ignore: !curl,
  async fn(t) {
    const folder = await Deno.makeTempDir({ prefix: "rosterd-readme-" });
    const env = await withNpx(folder);
    const [start, ...steps] = await stepsOf("The archive guard, step by step");
    const here = (text: string) => text.replaceAll(FOLDER, folder);
    const service = shell(`{ ${here(start.lines)} } > ${folder}/log 2>&1`, env).spawn();
    try {
      const { address } = await until("the service listens", () => readRecord(folder), 30_000);
      const script = steps.map(({ lines }, at) => `echo STEP ${at}\n${here(lines).replaceAll(ADDRESS, address)}`);
      const { code, stdout, stderr } = await shell(script.join(""), env).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const printed = new TextDecoder().decode(stdout).split(/^STEP \d+\n/m).slice(1);
      for (const [at, { lines, output }] of steps.entries()) {
        if (output === null) continue;
        await t.step(lines.trim().split("\n").at(-1)!, () => assertShown(printed[at], here(output)));
      }
      assert.ok(steps.filter(({ output }) => output !== null).length >= 4, "the README shows what is printed");
    } finally {
      const record = await readRecord(folder);
      if (record === null) service.kill();
      else Deno.kill(record.pid, "SIGTERM");
      await service.output();
      await Deno.remove(folder, { recursive: true });
    }
  },
});
