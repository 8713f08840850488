/**
 * Types the sessions of `docs/tutorial.md` word for word: each shell block must print the text block that follows.
 * Only the folder, the port and the time of day differ.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ADDRESS = "http://127.0.0.1:8080";

/** A shell block of the tutorial, and the text block that shows its output. */
interface Step {
  lines: string;
  /** Null if the tutorial shows no output. */
  output: string | null;
}

async function stepsOf(heading: string): Promise<Step[]> {
  const tutorial = await Deno.readTextFile(join(ROOT, "docs/tutorial.md"));
  const [section] = tutorial.split(`\n## ${heading}\n`)[1].split("\n## ");
  const steps: Step[] = [];
  for (const [, indent, language, block] of section.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)) {
    const text = block.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    if (language === "sh") steps.push({ lines: text, output: null });
    else steps.at(-1)!.output = text;
  }
  return steps;
}

/** `deno` is the Deno of the tests. The session may choose its own folders. */
async function environment(folder: string): Promise<Record<string, string>> {
  const bin = join(folder, "bin");
  await Deno.mkdir(bin);
  await Deno.symlink(Deno.execPath(), join(bin, "deno"));
  const { HOME = folder, DENO_DIR, PATH } = Deno.env.toObject();
  return {
    ...{ HOME, PATH: `${bin}:${PATH}`, NO_COLOR: "1", ROSTERD_LISTEN: "127.0.0.1:0" },
    ...{ ROSTERD_UPLOAD: `${folder}/upload`, ROSTERD_DATA: `${folder}/data` },
    ROSTERD_SETTINGS: `${folder}/settings.json`,
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

/** Times of day and time stamps in names, which differ in each run. */
function timeless(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME").replaceAll(/\d{8}T\d{6}Z/g, "STAMP");
}

/** The output must be the shown text, where a line `[…]` replaces any lines. */
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
if (!curl) console.error(`LEFT OUT: the tests of the tutorial's sessions: curl is not installed`);

/** Replaces the folder of the session by that of the test. */
type Here = (text: string, folder: string) => string;

function sessionTest(heading: string, outputs: number, here: Here): void {
  Deno.test({
    name: `the tutorial's session "${heading}" does and prints what it says`,
    ignore: !curl,
    fn: (t) => typeSession(t, heading, outputs, here),
  });
}

async function typeSession(t: Deno.TestContext, heading: string, outputs: number, here: Here): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-tutorial-" });
  const env = await environment(folder);
  const [start, ...steps] = await stepsOf(heading);
  const service = shell(`{ ${here(start.lines, folder)} } > ${folder}/log 2>&1`, env).spawn();
  try {
    const { address } = await until("the service listens", () => readRecord(folder), 90_000);
    const typed = steps.map(({ lines }, at) => `echo STEP ${at}\n${here(lines, folder).replaceAll(ADDRESS, address)}`);
    const { code, stdout, stderr } = await shell(typed.join(""), env).output();
    assert.equal(code, 0, new TextDecoder().decode(stderr));
    const printed = new TextDecoder().decode(stdout).split(/^STEP \d+\n/m).slice(1);
    for (const [at, { lines, output }] of steps.entries()) {
      if (output === null) continue;
      await t.step(lines.trim().split("\n").at(-1)!, () => assertShown(printed[at], here(output, folder)));
    }
    assert.equal(steps.filter(({ output }) => output !== null).length, outputs, "so many outputs are shown");
  } finally {
    const record = await readRecord(folder);
    if (record === null) service.kill();
    else Deno.kill(record.pid, "SIGTERM");
    await service.output();
    await Deno.remove(folder, { recursive: true });
  }
}

sessionTest(
  "First import",
  3,
  (text, folder) => text.replaceAll(/(?<=\s)(?=(?:upload|data)\/|turn\.json)/g, `${folder}/`),
);
sessionTest("Archive guard", 4, (text, folder) => text.replaceAll("/tmp/guard", folder));
