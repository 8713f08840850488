/**
 * Runs the curl lines in `docs/http.md`, one for each call. As printed, the lines make no permanent changes, because a
 * decision requires an import number.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService, TOKEN } from "../support/service.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HEADER = "unique_id,login_source,active\n";

const unavailable = await serverUnavailable() ?? (await hasCurl() ? null : "there is no curl");
if (unavailable !== null) console.error(`LEFT OUT: the tests of the lines of curl in docs/http.md: ${unavailable}`);

async function hasCurl(): Promise<boolean> {
  return await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(() => true, () => false);
}

/** Returns the shell block under a heading. */
async function linesUnder(heading: string): Promise<string[]> {
  const page = await Deno.readTextFile(`${ROOT}/docs/http.md`);
  const [, block] = new RegExp(`\n#+ ${heading}\n.*?\`\`\`sh\n(.*?)\`\`\``, "s").exec(page)!;
  return block.split("\n").filter((line) => line !== "");
}

const [address, ...walk] = await linesUnder("With curl");
const [decide, ...decisions] = await linesUnder("Decide with curl");
const [erase, ...erasures] = await linesUnder("Erase with curl");
const signIns = await linesUnder("Sign in with curl");

/** Returns the call that a curl line makes, such as `GET /imports/{id}`. */
function callOf(line: string): string {
  const method = /-X (\w+)/.exec(line)?.[1] ?? (line.includes("--data-binary") ? "POST" : "GET");
  const path =
    /"\$ADDRESS(\/[^"?]*)/.exec(line.replace(/\$\{DECIDE[^}]*\}/, "$ID").replace(/\$\{ERASE[^}]*\}/, "$WHO"))![1];
  return `${method} ${
    path.replace("$ID", "{id}").replace("$WHO", "{unique_id}").replace(/^\/assets\/.*/, "/assets/{name}")
  }`;
}

/** Runs lines in a folder with the files that the walkthrough expects. */
async function type(service: TestService, lines: readonly string[]) {
  const here = `${service.folder}/here`;
  await Deno.mkdir(`${here}/data`, { recursive: true });
  await Deno.writeTextFile(`${here}/data/admin-token`, `${TOKEN}\n`);
  const script = [`ADDRESS=${service.url}`, ...lines].join("\n").replaceAll(
    /\bcurl (?!-s )/g,
    "curl -sS --fail-with-body ",
  );
  const bash = new Deno.Command("bash", { args: ["-e", "-c", script], cwd: here, stdin: "null" });
  const { code, stdout, stderr } = await bash.output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err, here };
}

/**
 * Returns the rows that a decision or an import would change. Emails are left out because the service sends them during
 * the test.
 */
async function historyOf(service: TestService): Promise<unknown[]> {
  const { imports } = await service.get<{ imports: object[] }>("/imports");
  return imports.map((entry) => ({ ...entry, mail: null }));
}

function curlTest(name: string, fn: (service: TestService) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({
        databaseUrl: database.url,
        settings: { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } },
      });
      await service.import("everybody.csv", `${HEADER}1,ldap,1\n2,ldap,1\n3,ldap,1\n`);
      await fn(service);
    },
  });
}

curlTest("docs/http.md has a curl line for each call", async (service) => {
  const { paths } = await service.get<{ paths: Record<string, object> }>("/openapi.json");
  const calls = Object.entries(paths)
    // The admin page's calls are left out because only browsers use them.
    .filter(([path]) => path !== "/")
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
  const lines = [...walk, ...decisions, ...erasures, ...signIns].filter((line) => line.startsWith("curl "));
  assert.deepEqual([...new Set(lines.map(callOf))].sort(), calls.sort());
  assert.equal(address, "ADDRESS=http://127.0.0.1:8080");
});

curlTest("the walk-through in docs/http.md changes no setting and makes no decision", async (service) => {
  await service.import("held.csv", `${HEADER}1,ldap,0\n,ldap,1\n`);
  const headers = { "content-type": "application/json" };
  await service.fetch("/settings", { method: "PATCH", headers, body: '{"smtp": {"password": "kept"}}' });
  const settings = await Deno.readTextFile(service.config.settings);
  const history = await historyOf(service);
  assert.match(settings, /"password": "kept"/);

  const { code, out, err, here } = await type(service, walk);

  assert.equal(code, 0, `${err}\n${out.slice(-1_000)}`);
  assert.match(await Deno.readTextFile(`${here}/failed.csv`), /9013/);
  assert.match(out, /"sent":true/);
  assert.match(out, /"interval_minutes":10/);
  assert.equal(await Deno.readTextFile(service.config.settings), settings);
  assert.deepEqual(await historyOf(service), history);
  assert.match(JSON.stringify(history), /"hold":\{"kind":"access","state":"open"/);
});

curlTest("the lines for decisions do not run as printed", async (service) => {
  await service.import("held.csv", `${HEADER}1,ldap,0\n`);
  const history = await historyOf(service);
  const [auth] = walk;
  for (const line of decisions) {
    const { code, err } = await type(service, [auth, decide, line]);
    assert.notEqual(code, 0);
    assert.match(err, /DECIDE: the number of an import/);
  }
  assert.deepEqual(await historyOf(service), history);
});

curlTest("the lines for decisions work with the number of an import", async (service) => {
  const held = await service.import("held.csv", `${HEADER}1,ldap,0\n`);
  const alsoHeld = await service.import("also_held.csv", `${HEADER}2,ldap,0\n`);
  const [auth] = walk;
  const [approve, discard, undo] = decisions;
  const { code, out, err } = await type(service, [
    auth,
    `DECIDE=${held.id}`,
    approve,
    `DECIDE=${alsoHeld.id}`,
    discard,
    undo,
    `DECIDE=${held.id}`,
    undo,
  ]);
  assert.equal(code, 0, `${err}\n${out}`);
  assert.match(out, /"archived":1,"disabled":0/);
  assert.match(out, /"discarded":1/);
  assert.match(out, /"restored":1/);
});

curlTest("the line for an erasure does not run as printed, and works with the unique_id of a user", async (service) => {
  const [auth] = walk, [line] = erasures;
  const { code, err } = await type(service, [auth, erase, line]);
  assert.notEqual(code, 0);
  assert.match(err, /ERASE: the unique_id of a user/);
  assert.equal((await service.fetch("/users/3")).status, 200);
  await service.import("left.csv", `${HEADER}4,ldap,0\n`);
  const erased = await type(service, [auth, "ERASE=4", line]);
  assert.equal(erased.code, 0, `${erased.err}\n${erased.out}`);
  assert.match(erased.out, /"files":\[\{"import":\d+,"feed":"","file":"left\./);
});
