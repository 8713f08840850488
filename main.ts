/**
 * The edge of the process: arguments in, exit code out, signals as an AbortSignal. Everything else is passed in from here.
 */
import manifest from "./deno.json" with { type: "json" };
import { COMMANDS } from "./src/cli/commands.ts";
import { run } from "./src/cli/run.ts";

if (import.meta.main) {
  Deno.exit(await run(Deno.args, { version: manifest.version, commands: COMMANDS }));
}
