/**
 * Types the shell blocks of a page word for word. Only the folder, the port and the time of day differ from the page.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "../support/until.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const ADDRESS = "http://127.0.0.1:8080";

/** A shell block of a page, and the text block that shows its output. */
export interface Step {
  lines: string;
  /** The output; null if the page shows no output. */
  output: string | null;
}

/** The shell blocks in Markdown text. */
export function stepsIn(markdown: string): Step[] {
  const steps: Step[] = [];
  for (const [, indent, language, block] of markdown.matchAll(/^( *)```(\w+)\n(.*?)^ *```$/gms)) {
    const text = block.replaceAll(new RegExp(`^${indent}`, "gm"), "");
    if (language === "sh") steps.push({ lines: text, output: null });
    else steps.at(-1)!.output = text;
  }
  return steps;
}

export async function readPage(path: string): Promise<string> {
  return await Deno.readTextFile(join(ROOT, path));
}

/** A running service, and a shell that uses it. */
export interface Session extends AsyncDisposable {
  address: string;
  /**
   * Types the steps and requires the output that the page shows. `here` replaces the folder on the page with the test's
   * folder.
   */
  type(t: Deno.TestContext, steps: readonly Step[], here: (text: string) => string): Promise<void>;
}

/** Starts the service in a folder with these lines. Disposal stops the service and removes its folder. */
export async function startSession(folder: string, start: string): Promise<Session> {
  const env = await environment(folder);
  const service = shell(`{ ${start.trimEnd()}; } > ${folder}/log 2>&1`, env).spawn();
  const stop = async () => {
    const record = await readRecord(folder);
    if (record === null) service.kill();
    else Deno.kill(record.pid, "SIGTERM");
    await service.output();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    const { address } = await until("the service listens", () => readRecord(folder), 90_000);
    return { address, type: (t, steps, here) => type(t, steps, here, { address, env }), [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function type(
  t: Deno.TestContext,
  steps: readonly Step[],
  here: (text: string) => string,
  { address, env }: { address: string; env: Record<string, string> },
): Promise<void> {
  // Exit code 2 of `run` is expected, because the page shows failed or held records.
  const typed = steps.map(({ lines }, at) =>
    `echo STEP ${at}\n${here(lines).replaceAll(ADDRESS, address).replaceAll(/rosterd run$/gm, "$& || [ $? = 2 ]")}`
  );
  const { code, stdout, stderr } = await shell(typed.join(""), env).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  const printed = new TextDecoder().decode(stdout).split(/^STEP \d+\n/m).slice(1);
  for (const [at, { lines, output }] of steps.entries()) {
    if (output === null) continue;
    await t.step(lines.trim().split("\n").at(-1)!, () => assertShown(printed[at], here(output)));
  }
}

/** The environment of the shell. `deno` is the Deno that runs the tests. The session may set other folders. */
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

/** Times of day and the timestamps in names differ in each run. */
function timeless(text: string): string {
  return text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d\b/g, "TIME").replaceAll(
    /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g,
    "TIME",
  ).replaceAll(/\d{8}T\d{6}Z/g, "STAMP");
}

/** The output must match the text shown, in which a line `[…]` matches any number of lines. */
export function assertShown(printed: string, shown: string): void {
  const [expected, actual] = [timeless(shown), timeless(printed)];
  const pieces = expected.split(/^ *\[…\]\n/m);
  if (pieces.length === 1) return assert.equal(actual, expected);
  const pattern = pieces.map((piece) => piece.replaceAll(/[^\w\s]/g, String.raw`\$&`)).join(String.raw`(?:.*\n)+`);
  assert.match(actual, new RegExp(`^${pattern}$`));
}

export async function hasCurl(): Promise<boolean> {
  return await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(() => true, () => false);
}
