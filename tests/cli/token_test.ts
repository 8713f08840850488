/** Named tokens in use: the commands with a running service, and HTTP requests with the tokens (docs/cli.md#token). */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { SettingsHistoryPage } from "../../src/domain/stored_settings.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { Workplace } from "../support/rosterd.ts";
import { TestService, TOKEN } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function besideService(name: string, fn: (service: TestService, here: Workplace) => Promise<void>) {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url });
      await using here = await Workplace.make({ ROSTERD_DATA: service.config.data, ROSTERD_ADMIN_TOKEN: TOKEN });
      await fn(service, here);
    },
  });
}

const withToken = (token: string, init: RequestInit = {}) => ({
  ...init,
  headers: { authorization: `Bearer ${token}`, ...init.headers },
});
const statusOf = async (answer: Promise<Response>) => {
  const { status, body } = await answer;
  await body?.cancel();
  return status;
};

besideService("a named token works at once with its role, and not after it is removed", async (service, here) => {
  const added = await here.run("token", "add", "anna", "--role", "clerk");
  assert.equal(added.code, 0, added.err);
  assert.match(added.out, /^[A-Za-z0-9_-]{43}\n$/);
  assert.match(added.err, /created the token anna with the role clerk; it is shown only once/);
  const token = added.out.trim();
  const calls = () =>
    Promise.all([
      statusOf(service.fetch("/imports", withToken(token, { method: "POST" }))),
      statusOf(service.fetch("/settings/test-mail", withToken(token, { method: "POST" }))),
    ]);
  assert.deepEqual(await calls(), [202, 403]);
  const { code, out } = await here.run("token", "list");
  assert.equal(code, 0);
  assert.match(out, /^admin {2}admin\nanna {3}clerk {2}\d{4}-\d\d-\d\dT\S+Z\n$/);
  assert.ok(!out.includes(token));
  assert.equal((await here.run("token", "remove", "anna")).code, 0);
  assert.deepEqual(await calls(), [401, 401]);
});

besideService("the log and the history of the settings name the token that changed them", async (service, here) => {
  const token = (await here.run("token", "add", "chief", "--role", "admin")).out.trim();
  const patch = { method: "PATCH", body: '{"interval_minutes": 7}', headers: { "content-type": "application/json" } };
  assert.equal(await statusOf(service.fetch("/settings", withToken(token, patch))), 200);
  assert.equal((await here.run("settings", "set", "interval_minutes=8")).code, 0);
  const { changes } = await service.get<SettingsHistoryPage>("/settings/history");
  const user = changes[0].by;
  assert.ok(user !== null && user !== "admin" && user !== "chief");
  assert.deepEqual(changes.map(({ by }) => by), [user, "chief"]);
  for (const by of [user, "chief"]) {
    assert.ok(service.lines.some((line) => line.includes(`"event":"settings_changed","by":"${by}"`)), by);
  }
});

besideService("a sign-in link starts one session, and the log names the token but no secret", async (service, here) => {
  await here.run("token", "add", "anna", "--role", "read");
  const { code, out, err } = await here.run("token", "link", "anna");
  assert.equal(code, 0, err);
  const [, address, secret] = /^(http:\/\/\S+)\/#\/sign-in\/([A-Za-z0-9_-]{43})\n$/.exec(out) ?? [];
  assert.equal(address, service.url);
  const proxied = await here.run("token", "link", "anna", "--address", "https://rosters.example/x/");
  assert.match(proxied.out, /^https:\/\/rosters\.example\/x\/#\/sign-in\//);
  const started = await service.fetch("/session", withToken(secret, { method: "POST" }));
  const { token, name, role } = await started.json();
  assert.deepEqual([started.status, name, role], [200, "anna", "read"]);
  assert.equal(await statusOf(service.fetch("/session", withToken(secret, { method: "POST" }))), 401);
  assert.equal(await statusOf(service.fetch("/status", withToken(token))), 200);
  assert.ok(service.lines.some((line) => line.includes('"event":"http.signed_in","by":"anna"')));
  for (const each of [secret, token]) assert.ok(!service.lines.join("").includes(each));
  await here.run("token", "remove", "anna");
  assert.equal(await statusOf(service.fetch("/status", withToken(token))), 401);
});

besideService("damaged tokens are refused and logged, and the admin token still works", async (service, here) => {
  const token = (await here.run("token", "add", "anna", "--role", "admin")).out.trim();
  await Deno.writeTextFile(join(service.config.data, "tokens.json"), "[");
  assert.equal(await statusOf(service.fetch("/status", withToken(token))), 401);
  assert.equal(await statusOf(service.fetch("/status")), 200);
  assert.ok(service.lines.some((line) => line.includes('"event":"named_tokens_not_read"')));
  const { code, err } = await here.run("token", "list");
  assert.equal(code, 78);
  assert.match(err, /tokens\.json is not a valid tokens file; restore it, or remove it and add the tokens again/);
});

Deno.test("without a service, tokens are added, listed and removed in the data folder of an installation", async () => {
  await using here = await Workplace.make();
  assert.equal((await here.run("token", "add", "anna", "--role", "read")).code, 78);
  await Deno.mkdir(here.path("data"));
  await here.write("data/admin-token", "made-by-serve\n");
  for (const words of [["anna"], ["anna", "--role", "boss"]]) {
    const { code, err } = await here.run("token", "add", ...words);
    assert.deepEqual([code, /needs --role admin, --role clerk or --role read/.test(err)], [64, true]);
  }
  assert.equal((await here.run("token", "add", "anna", "--role", "read")).code, 0);
  const again = await here.run("token", "add", "anna", "--role", "admin");
  assert.deepEqual([again.code, again.out], [1, ""]);
  assert.match(again.err, /a token named anna already exists: remove it first/);
  assert.match((await here.run("token", "link", "anna")).out, /^http:\/\/127\.0\.0\.1:8080\/#\/sign-in\//);
  const { tokens } = JSON.parse((await here.run("token", "list", "--json")).out);
  assert.deepEqual(tokens.map(({ name, role }: Record<string, string>) => [name, role]), [
    ["admin", "admin"],
    ["anna", "read"],
  ]);
  assert.equal((await here.run("token", "remove", "anna")).code, 0);
  assert.match((await here.run("token", "remove", "anna")).err, /there is no named token "anna"/);
});
