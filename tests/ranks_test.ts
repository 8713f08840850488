import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { findRankFaults, RANKS, relativeImports } from "../.ci/ranks.ts";

async function faultsOf(files: Record<string, string>): Promise<string[]> {
  const root = await Deno.makeTempDir({ prefix: "rosterd-test-" });
  try {
    for (const [path, content] of Object.entries({ "main.ts": "", ...files })) {
      await Deno.mkdir(join(root, dirname(path)), { recursive: true });
      await Deno.writeTextFile(join(root, path), content);
    }
    return (await findRankFaults(root, RANKS)).map(({ file, line, text }) => `${file}:${line}: ${text}`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("imports within a folder and to a lower rank are allowed", async () => {
  const faults = await faultsOf({
    "main.ts": 'import { run } from "./src/cli/run.ts";\n',
    "src/http/serve.ts": 'import { a } from "./app.ts";\nimport type { B } from "../domain/b.ts";\nimport "hono";\n',
    "src/http/app.ts": "",
  });
  assert.deepEqual(faults, []);
});

Deno.test("imports of a higher rank or of another folder of the same rank are reported with file and line", async () => {
  const faults = await faultsOf({
    "src/domain/user.ts": '/** About users. */\nimport {\n  copy,\n} from "../postgres/import/copy.ts";\n',
    "src/inbox/scan/scan.ts": 'const host = await import("../../host/lock.ts");\n',
  });
  assert.deepEqual(faults, [
    "src/domain/user.ts:4: src/domain has rank 1 and must not import src/postgres, which has rank 3 (imports src/postgres/import/copy.ts)",
    "src/inbox/scan/scan.ts:1: src/inbox has rank 3 and must not import src/host, which has rank 3 (imports src/host/lock.ts)",
  ]);
});

Deno.test("import cycles are reported, even if only types are imported", async () => {
  const faults = await faultsOf({
    "src/http/app.ts": 'import { serve } from "./serve.ts";\n',
    "src/http/serve.ts": 'import "./body.ts";\nimport type { Env } from "./env.ts";\n',
    "src/http/body.ts": "",
    "src/http/env.ts": 'import type { App } from "./app.ts";\n',
  });
  assert.deepEqual(faults, [
    "src/http/env.ts:1: a cycle: src/http/app.ts → src/http/serve.ts → src/http/env.ts → src/http/app.ts",
  ]);
});

Deno.test("a folder without a rank is reported", async () => {
  const [fault] = await faultsOf({ "src/drawer/a.ts": 'export * from "../runtime/clock.ts";\n' });
  assert.equal(
    fault,
    "src/drawer/a.ts:1: src/drawer has no rank: give it one in .ci/ranks.ts (imports src/runtime/clock.ts)",
  );
});

Deno.test("workers count as imports, but examples in comments do not", () => {
  const text = '/** import { a } from "../cli/a.ts"; */\n// import "../cli/b.ts"\n' +
    'new Worker(new URL("./worker.ts", import.meta.url));\n';
  assert.deepEqual(relativeImports(text), [{ line: 3, specifier: "./worker.ts" }]);
});
