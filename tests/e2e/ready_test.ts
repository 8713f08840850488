/** The service is ready if imports work. Otherwise readyz, status and metrics name the reason. */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { StatusDocument } from "../../src/http/service.ts";
import { systemClock } from "../../src/runtime/clock.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const ROSTER = "unique_id,login_source,email\n1,ldap,a@example.edu\n2,ldap,b@example.edu\n";
const HOUR_MS = 3_600_000;
const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];

function onServer(name: string, test: (url: string, sql: Sql) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await test(database.url, database.sql);
    },
  });
}

async function readyCodes(service: TestService): Promise<string[]> {
  const answer = await service.fetch("/readyz");
  const { problems } = await answer.json(), ready = problems.length === 0;
  assert.equal(answer.status, ready ? 200 : 503);
  const codes = problems.map(({ code }: { code: string }) => code);
  const status = await service.get<StatusDocument>("/status");
  assert.equal(status.ready, ready);
  for (const code of codes) assert.ok(status.problems.some((problem) => problem.code === code));
  return codes;
}

/** A clock that a test can move ahead. */
function clockAhead(ahead: { now?: number; elapsed?: number }) {
  return {
    now: () => new Date(systemClock.now().getTime() + (ahead.now ?? 0)),
    elapsed: () => systemClock.elapsed() + (ahead.elapsed ?? 0),
  };
}

onServer(
  "after a failed turn, the service reports that it is not ready until a turn succeeds",
  async (url, sql) => {
    await using service = await TestService.start({ databaseUrl: url });
    await service.import("first.csv", ROSTER);
    assert.deepEqual(await readyCodes(service), []);

    await sql`alter table rosterd.imports rename to elsewhere`;
    await service.drop("second.csv", ROSTER);
    const answer = await service.fetch("/imports?wait=true", { method: "POST" });
    const problem = await answer.json();
    assert.deepEqual([answer.status, problem.problems[0].code], [503, "turn_failed"]);
    assert.match(problem.detail, /^the last scan failed \(42P01\)/);
    assert.deepEqual(await readyCodes(service), ["turn_failed"]);
    assert.match(await (await service.fetch("/metrics")).text(), /^rosterd_usable\{part="turns"\} 0$/m);

    await sql`alter table rosterd.elsewhere rename to imports`;
    assert.deepEqual((await service.turn()).map(({ file }) => file), ["second.csv"]);
    assert.deepEqual(await readyCodes(service), []);
    assert.match(await (await service.fetch("/metrics")).text(), /^rosterd_usable\{part="turns"\} 1$/m);
  },
);

onServer("the service is not ready if a turn makes no progress for five minutes", async (url, sql) => {
  const ahead = { elapsed: 0 };
  await using service = await TestService.start({ databaseUrl: url, clock: clockAhead(ahead) });
  await service.drop("roster.csv", ROSTER);
  await sql.begin(async (tx) => {
    await tx`lock table rosterd.users in access exclusive mode`;
    await (await service.fetch("/imports", { method: "POST" })).body?.cancel();
    await until("the import runs", async () => (await service.get<StatusDocument>("/status")).running !== null);
    assert.deepEqual(await readyCodes(service), []);
    ahead.elapsed = 6 * 60_000;
    assert.deepEqual(await readyCodes(service), ["turn_stalled"]);
  });
  const imported = async () => (await service.get<{ imports: unknown[] }>("/imports?status=done")).imports.length === 1;
  await until("it is imported", imported);
  await until("it is ready", async () => (await readyCodes(service)).length === 0);
});

onServer(
  "if the settings file is removed, its settings remain in effect, and nothing is imported until it is back",
  async (url, sql) => {
    await using service = await TestService.start({ databaseUrl: url, settings: { login_sources: ["ldap"] } });
    const path = service.config.settings, text = await Deno.readTextFile(path);
    await Deno.remove(path);
    await service.drop("roster.csv", ROSTER.replaceAll("ldap", "other"));

    assert.deepEqual(await service.turn(), []);
    assert.deepEqual(await readyCodes(service), ["settings"]);
    const { settings } = await service.get<StatusDocument>("/status");
    assert.match(
      settings.text!,
      /the file was removed; restore it, or restart rosterd to create it from the defaults$/,
    );
    const changed = await service.fetch("/settings", {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: '{"interval_minutes": 9}',
    });
    await changed.body?.cancel();
    assert.equal(changed.status, 409);
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);

    await Deno.writeTextFile(path, text);
    const [{ failed }] = await service.turn();
    assert.equal(failed, 2);
    assert.deepEqual(await readyCodes(service), []);
    const [{ users }] = await sql`select count(*) as users from rosterd.users`;
    assert.equal(users, 0);
  },
);

onServer("with a clock that is 400 days ahead, retention deletes nothing, and the log says why", async (url) => {
  const ahead = { now: 0, elapsed: 0 };
  await using service = await TestService.start({
    databaseUrl: url,
    settings: { bak_retention_days: 7 },
    clock: clockAhead(ahead),
  });
  await service.import("roster.csv", ROSTER);
  ahead.now = 400 * 24 * HOUR_MS;
  await service.restart();
  await until(
    "it was refused",
    () => Promise.resolve(service.lines.some((line) => line.includes('"retention_stopped"'))),
  );
  assert.equal((await service.bak()).length, 1);
});

onServer("a roster that a killed check left behind is removed at the next start", async (url) => {
  await using service = await TestService.start({ databaseUrl: url });
  await service.stop();
  const left = join(service.config.data, "check-0123456789abcdef");
  await Deno.writeTextFile(left, ROSTER);
  await service.restart();
  await assert.rejects(Deno.stat(left), Deno.errors.NotFound);
});

onServer(
  "readyz and one log line name a missing right, and the file is imported after the grant",
  async (url, sql) => {
    const role = `rosterd-test-${crypto.randomUUID().slice(0, 8)}`;
    const [{ database }] = await sql`select current_database() as database`;
    await sql.unsafe(`create role "${role}" login; grant create, temporary on database ${database} to "${role}"`);
    try {
      const own = new URL(url);
      own.username = role;
      await using service = await TestService.start({ databaseUrl: own.href });
      await sql.unsafe(`revoke insert on rosterd.users from "${role}"`);
      await service.drop("roster.csv", ROSTER);
      await service.turn();
      const named = async () =>
        (await (await service.fetch("/readyz")).text()).includes("cannot use INSERT on rosterd.users");
      await until("the missing right is reported", named);
      await service.turn();
      assert.ok(await named());
      assert.equal(service.lines.filter((line) => line.includes('"database_away"')).length, 1);
      await sql.unsafe(`grant insert on rosterd.users to "${role}"`);
      await until("it is imported", async () => (await service.turn(), await readyCodes(service)).length === 0);
      assert.equal((await service.bak()).length, 1);
    } finally {
      await sql.unsafe(`drop owned by "${role}" cascade; drop role "${role}"`);
    }
  },
);
