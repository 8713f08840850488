/** Runs rosterd with the command-line arguments and exits with its exit code. */
import manifest from "./deno.json" with { type: "json" };
import { COMMANDS } from "./src/cli/commands.ts";
import { run } from "./src/cli/run.ts";

if (import.meta.main) {
  Deno.exit(await run(Deno.args, { version: manifest.version, commands: COMMANDS }));
}
