/** Tests `deno task dev`, which must restart the program cleanly. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { runAndWatch } from "../../.ci/dev.ts";
import { until } from "../support/until.ts";

/** A program that takes a while to stop, like a service that is finishing an import. */
const SLOW_TO_STOP = `
  trap 'sleep 0.2; echo stopped >> "$0"; exit 0' TERM
  echo started >> "$0"
  while :; do sleep 0.05; done`;

Deno.test("a change restarts the program, but only after the previous one has stopped", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
  try {
    await Deno.mkdir(join(folder, "src"));
    const log = join(folder, "log");
    const lines = async () => (await Deno.readTextFile(log).catch(() => "")).trim().split("\n");
    const stopping = new AbortController();
    const running = runAndWatch({
      command: ["sh", "-c", SLOW_TO_STOP, log],
      paths: [join(folder, "src")],
      signal: stopping.signal,
    });
    await until("the program runs", async () => (await lines()).includes("started"));
    await Deno.writeTextFile(join(folder, "src/a.ts"), "");
    await until("the program runs again", async () => (await lines()).length === 3);
    stopping.abort();
    await running;
    assert.deepEqual(await lines(), ["started", "stopped", "started", "stopped"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a program that has exited is started again after the next change", async () => {
  const folder = await Deno.makeTempDir({ prefix: "rosterd-test-" });
  try {
    await Deno.mkdir(join(folder, "src"));
    const log = join(folder, "log");
    const runs = async () => (await Deno.readTextFile(log).catch(() => "")).length;
    const stopping = new AbortController();
    const command = ["sh", "-c", 'printf x >> "$0"; exit 1', log];
    const running = runAndWatch({ command, paths: [join(folder, "src")], signal: stopping.signal });
    await until("the program ran", async () => await runs() === 1);
    await Deno.writeTextFile(join(folder, "src/a.ts"), "");
    await until("the program ran again", async () => await runs() === 2);
    stopping.abort();
    await running;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
