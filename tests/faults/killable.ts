/**
 * A workplace whose rosterd can kill itself before or after any side effect, with the help of the modules in `steps/`.
 */
import { fileURLToPath } from "node:url";
import manifest from "../../deno.json" with { type: "json" };
import { Workplace } from "../support/rosterd.ts";

const ROOT = new URL("../../", import.meta.url);
const REPLACED = {
  "src/inbox/files/disk.ts": "disk.ts",
  "src/postgres/connection/connect.ts": "connect.ts",
  "src/postgres/connection/embedded.ts": "embedded.ts",
  "src/smtp/transport.ts": "transport.ts",
};

/** See `steps/killing.ts` for the environment variables of a service that is to be killed. */
export async function killableWorkplace(environment: Record<string, string>): Promise<Workplace> {
  const program = [Deno.execPath(), "run", "-A", "--quiet", "--no-check", "--import-map=import_map.json", MAIN];
  const here = await Workplace.make(environment, program);
  await here.write("import_map.json", JSON.stringify(importMap()));
  return here;
}

const MAIN = fileURLToPath(new URL("main.ts", ROOT));

/**
 * Allows the modules in `steps/` to import the modules they replace. This import map replaces the one in `deno.json`.
 */
function importMap() {
  const here = new URL("steps/", import.meta.url).href;
  const from = (names: readonly string[], to: (name: keyof typeof REPLACED) => string) =>
    Object.fromEntries(names.map((name) => [new URL(name, ROOT).href, to(name as keyof typeof REPLACED)]));
  const names = Object.keys(REPLACED);
  const packages = Object.fromEntries(
    Object.entries(manifest.imports).flatMap(([name, place]) => [
      [name, place],
      [`${name}/`, `${place.replace("npm:", "npm:/")}/`],
    ]),
  );
  return {
    imports: { ...packages, ...from(names, (name) => here + REPLACED[name]) },
    scopes: { [here]: from(names, (name) => new URL(name, ROOT).href) },
  };
}
