/** The README's line of curl for each call: every call has one, and each one is answered well, run as it stands there. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { serverIsAway, testDatabase } from "../support/postgres.ts";
import { TestService, TOKEN } from "../support/service.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HEADER = "unique_id,login_source,active\n";

const away = await serverIsAway() ?? (await hasCurl() ? null : "there is no curl");
if (away !== null) console.error(`LEFT OUT: the test of the README's lines of curl: ${away}`);

async function hasCurl(): Promise<boolean> {
  return await new Deno.Command("curl", { args: ["--version"], stdout: "null" }).output().then(() => true, () => false);
}

async function linesOfReadme(): Promise<string[]> {
  const readme = await Deno.readTextFile(`${ROOT}/README.md`);
  const [, block] = /### With curl\n.*?```sh\n(.*?)```/s.exec(readme)!;
  return block.split("\n").filter((line) => line !== "");
}

/** `GET /imports/{id}` and the like, as a line of curl asks for it. */
function callOf(line: string): string {
  const method = /-X (\w+)/.exec(line)?.[1] ?? (line.includes("--data-binary") ? "POST" : "GET");
  const path = /"\$ADDRESS(\/[^"?]*)/.exec(line)![1].replace(/\/\d+/, "/{id}");
  return `${method} ${path}`;
}

/** Imports 1 and 2 hold a user each, 1 with a failure beside; the file of import 3 waits for the line that asks for a turn. */
async function prepare(service: TestService): Promise<void> {
  await service.import("everybody.csv", `${HEADER}1,ldap,1\n2,ldap,1\n3,ldap,1\n`);
  await service.turn();
}

Deno.test({
  name: "the README has a line of curl for each call, and each does what it says",
  ignore: away !== null,
  async fn() {
    await using database = (await testDatabase())!;
    await using service = await TestService.start({
      databaseUrl: database.url,
      settings: { archive_inactive_users: true, archive_guard: { max_percent: 0, min_users: 0 } },
    });
    await prepare(service);
    // The history begins anew, so that the imports have the numbers of the README.
    await service.stop();
    await database.sql`truncate rosterd.imports restart identity cascade`;
    await service.restart();
    await service.import("held.csv", `${HEADER}1,ldap,0\n,ldap,1\n`);
    await service.import("also_held.csv", `${HEADER}2,ldap,0\n`);
    await service.drop("another.csv", `${HEADER}4,ldap,1\n`);

    const { paths } = await service.get<{ paths: Record<string, object> }>("/openapi.json");
    const [address, auth, ...lines] = await linesOfReadme();
    // The page's own files are for browsers.
    const calls = Object.entries(paths).filter(([path]) => path !== "/" && path !== "/assets/{name}").flatMap((
      [path, methods],
    ) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`));
    assert.deepEqual([...new Set(lines.map(callOf))].sort(), calls.sort());
    assert.match(address, /^ADDRESS=http:\/\/127\.0\.0\.1:8080$/);

    const folder = service.folder;
    await Deno.mkdir(`${folder}/here/data`, { recursive: true });
    await Deno.writeTextFile(`${folder}/here/data/admin-token`, `${TOKEN}\n`);
    await Deno.writeTextFile(`${folder}/here/roster.csv`, `${HEADER}5,ldap,1\n`);
    await Deno.writeTextFile(`${folder}/here/settings.example.json`, JSON.stringify(await settingsOf(service)));
    const script = [
      `ADDRESS=${service.url}`,
      auth,
      ...lines.map((line) => line.replace("curl", "curl -sS --fail-with-body")),
    ];
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-e", "-x", "-c", script.join("\n")],
      cwd: `${folder}/here`,
      stdin: "null",
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assert.equal(code, 0, `${err}\n${out.slice(-1_000)}`);
    assert.match(await Deno.readTextFile(`${folder}/here/failed.csv`), /9013/);
    assert.match(out, /"archived":1,"disabled":0/);
    assert.match(out, /"discarded":1/);
    assert.match(out, /"restored":0,"archived":1/);
  },
});

/** As in `settings.example.json`, with the mail server of the test: the line that tries the mail comes after it. */
async function settingsOf(service: TestService): Promise<Record<string, unknown>> {
  const example = JSON.parse(await Deno.readTextFile(`${ROOT}/settings.example.json`));
  const now = await service.get<Record<string, unknown>>("/settings");
  const { reply_to_admin_email, failed_import_email, smtp, settle_seconds, archive_guard } = now;
  return { ...example, reply_to_admin_email, failed_import_email, smtp, settle_seconds, archive_guard };
}
