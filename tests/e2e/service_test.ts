/**
 * Tests the service over time: database outages, changed and broken settings, and two services that share a database.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import type { ImportEntry } from "../../src/importer/ports.ts";
import type { SettingsHistoryPage } from "../../src/domain/stored_settings.ts";
import type { StatusDocument } from "../../src/http/service.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";
import { until } from "../support/until.ts";

const ROSTER = "unique_id,login_source,email\n1,ldap,a@example.edu\n2,ldap,b@example.edu\n";
const unavailable = await serverUnavailable();

function onServer(
  name: string,
  test: (url: string, sql: Awaited<ReturnType<typeof database>>["sql"]) => Promise<void>,
): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using made = await database();
      await test(made.url, made.sql);
    },
  });
}

if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

async function database() {
  return (await testDatabase())!;
}

function status(service: TestService): Promise<StatusDocument> {
  return service.get("/status");
}

onServer(
  "a service starts without its database, reports that it is missing, and imports after it is created",
  async (url, sql) => {
    const missing = new URL(url);
    missing.pathname += "_later";
    const name = missing.pathname.slice(1);
    await using service = await TestService.start({ databaseUrl: missing.href });
    await service.drop("roster.csv", ROSTER);

    assert.deepEqual(await service.turn(), []);
    const before = await status(service);
    assert.deepEqual([before.ready, before.database.state], [false, "unreachable"]);
    assert.match(before.database.text!, /does not exist: create it/);
    assert.equal((await service.fetch("/readyz")).status, 503);
    assert.equal((await service.fetch("/healthz")).status, 200);

    await sql.unsafe(`create database ${name} template template0 encoding 'UTF8'`);
    try {
      const imported = "/imports?status=done";
      const [entry] = await until("the import starts on its own", async () => {
        const answer = await service.fetch(imported);
        const { imports } = answer.ok ? await answer.json() : { imports: [] };
        return imports.length > 0 && imports;
      });
      assert.deepEqual([entry.status, entry.created], ["done", 2]);
      assert.equal(service.lines.filter((line) => line.includes('"database_away"')).length, 1);
    } finally {
      await service.stop();
      await sql.unsafe(`drop database ${name} with (force)`);
    }
  },
);

onServer(
  "if two services share a folder and a database, one imports, and the other stands by and takes over",
  async (url) => {
    await using first = await TestService.start({ databaseUrl: url });
    await using second = await TestService.start({ databaseUrl: url, upload: first.upload });

    assert.deepEqual([(await status(first)).standby, (await status(second)).standby], [false, true]);
    await first.drop("roster.csv", ROSTER);
    assert.deepEqual(await second.turn(), []);
    assert.equal((await first.turn()).length, 1);
    const refused = await second.fetch("/imports?name=roster.csv", { method: "POST", body: ROSTER });
    assert.equal(refused.status, 409);
    assert.match(await refused.text(), /this instance is on standby: send the request to the instance that imports/);

    await first.stop();
    await until("the second one is the leader", async () => !(await status(second)).standby);
    // The new leader's first turn may already import the file.
    await second.drop("again.csv", ROSTER);
    await second.turn();
    const { imports: [entry] } = await second.get<{ imports: ImportEntry[] }>("/imports");
    assert.deepEqual([entry.file, entry.status, entry.unchanged], ["again.csv", "done", 2]);
  },
);

onServer("broken settings stop imports until they are fixed, and are reported with line and column", async (url) => {
  await using service = await TestService.start({ databaseUrl: url });
  const good = await Deno.readTextFile(service.config.settings);
  await Deno.writeTextFile(service.config.settings, '{\n  "interval_minutes": 0\n}\n');
  await service.drop("roster.csv", ROSTER);

  assert.deepEqual(await service.turn(), []);
  const broken = await status(service);
  assert.deepEqual([broken.ready, broken.settings.valid], [false, false]);
  assert.match(broken.settings.text!, /settings\.json:2:3: interval_minutes must be at least 1/);
  assert.equal((await service.fetch("/settings")).status, 409);

  await Deno.writeTextFile(service.config.settings, good);
  assert.equal((await service.turn()).length, 1);
  assert.equal((await status(service)).ready, true);
});

onServer("a changed interval applies immediately", async (url) => {
  await using service = await TestService.start({ databaseUrl: url });
  const inADay = new Date((await status(service)).next_turn_at!).getTime() - Date.now();
  assert.ok(inADay > 86_000_000);
  const response = await service.fetch("/settings", {
    method: "PATCH",
    headers: { "content-type": "application/merge-patch+json" },
    body: '{"interval_minutes": 2}',
  });
  assert.equal(response.status, 200);
  const soon = new Date((await status(service)).next_turn_at!).getTime() - Date.now();
  assert.ok(soon > 60_000 && soon <= 120_000, `in ${soon} ms`);
});

onServer("a link in place of bak stops every import, and the status says why", async (url) => {
  await using service = await TestService.start({ databaseUrl: url });
  await Deno.symlink("/tmp", join(service.upload, "bak"));
  await service.drop("roster.csv", ROSTER);
  assert.deepEqual(await service.turn(), []);
  const { ready, folder } = await status(service);
  assert.deepEqual([ready, folder.usable], [false, false]);
  assert.equal((await Deno.stat(join(service.upload, "roster.csv"))).isFile, true);
});

onServer(
  "an email that cannot be sent waits, shows in the status, and is sent once the server is back",
  async (url, sql) => {
    await using service = await TestService.start({ databaseUrl: url });
    service.smtp.misbehave({ how: "refuse", at: "MAIL", code: 451 }, 1);
    const entry = await service.import("wrong.csv", "a,b\n1,2\n");
    await service.smtp.misbehaved(1);
    await until("the mail waits", async () => (await status(service)).mail.problem !== undefined);
    assert.equal((await service.get<{ mail: string }>(`/imports/${entry.id}`)).mail, "waiting");

    await service.restart();
    await sql`update rosterd.outbox set next_try_at = now()`;
    await service.turn();
    const [mail] = await service.smtp.received(1);
    assert.equal(mail.subject, "rosterd: wrong.csv: rejected");
    await until(
      "the mail is sent",
      async () => (await service.get<{ mail: string }>(`/imports/${entry.id}`)).mail === "sent",
    );
  },
);

onServer("archiving releases the permits of the user in the same turn", async (url, sql) => {
  await using service = await TestService.start({ databaseUrl: url, settings: { archive_inactive_users: true } });
  await service.import("alpha.csv", ROSTER);
  await sql`insert into rosterd.permits (permit_no, unique_id) values ('P1', '1'), ('P2', '1'), ('P3', '2')`;

  const entry = await service.import("beta.csv", "unique_id,login_source,active\n1,ldap,0\n2,ldap,1\n");

  assert.deepEqual([entry.archived, entry.permits_released, entry.unchanged], [1, 2, 1]);
  const permits = await sql`select permit_no, status, released_by_import as by from rosterd.permits order by permit_no`;
  assert.deepEqual(permits.map(({ permit_no, status, by }) => [permit_no, status, by]), [
    ["P1", "released", entry.id],
    ["P2", "released", entry.id],
    ["P3", "active", null],
  ]);
  const [user] = await sql`select active, archived_at from rosterd.users where unique_id = '1'`;
  assert.equal(user.active, false);
  assert.ok(user.archived_at instanceof Date);
});

onServer("expired imports lose their files in bak and their failures, but keep their entry", async (url, sql) => {
  await using service = await TestService.start({ databaseUrl: url });
  const { id } = await service.import("roster.csv", ROSTER + "3,,\n");
  await service.smtp.received(1);
  await until("the mail is sent", async () => (await service.get<{ mail: string }>(`/imports/${id}`)).mail === "sent");
  await sql`update rosterd.imports set finished_at = now() - interval '8 days'`;
  await service.fetch("/settings", {
    method: "PATCH",
    headers: { "content-type": "application/json" },
    body: '{"bak_retention_days": 7}',
  });
  await service.restart();
  await until("bak is empty", async () => (await service.bak()).length === 0);
  assert.equal((await service.fetch(`/imports/${id}/failed.csv`)).status, 410);
  await until(
    "it is cleared",
    async () => (await service.get<{ failures: [] }>(`/imports/${id}/failures`)).failures.length === 0,
  );
});

onServer("one alert is mailed if no file arrives for too long", async (url, sql) => {
  await using service = await TestService.start({ databaseUrl: url, settings: { expected_every_hours: 1 } });
  await service.import("roster.csv", ROSTER);
  await sql`update rosterd.imports set finished_at = now() - interval '61 minutes'`;
  await service.turn();
  await service.turn();
  const [mail] = await service.smtp.received(1);
  assert.equal(mail.subject, "rosterd: no file for 1 hour");
  assert.deepEqual(mail.envelope.to.toSorted(), ["admin@example.edu", "registry@example.edu"]);
  const [{ count }] = await sql<{ count: number }[]>`select count(*) from rosterd.outbox`;
  assert.equal(count, 1);
});

onServer("the alert is also mailed if the upload folder cannot be used", async (url, sql) => {
  await using service = await TestService.start({ databaseUrl: url, settings: { expected_every_hours: 1 } });
  await service.import("roster.csv", ROSTER);
  await sql`update rosterd.imports set finished_at = now() - interval '61 minutes'`;
  await Deno.rename(service.upload, `${service.upload}.away`);
  await Deno.writeTextFile(service.upload, "no folder");
  assert.deepEqual(await service.turn(), []);
  const [mail] = await service.smtp.received(1);
  assert.equal(mail.subject, "rosterd: no file for 1 hour");
  assert.equal(service.lines.filter((line) => line.includes('"turn_failed"')).length, 0);
});

onServer("a service starts without its upload folder, and reports that it is missing", async (url) => {
  const file = await Deno.makeTempFile();
  try {
    await using service = await TestService.start({ databaseUrl: url, upload: `${file}/upload` });
    const { ready, folder } = await status(service);
    assert.deepEqual([ready, folder.usable], [false, false]);
    assert.match(folder.text!, /upload is not a folder: choose the upload folder with --upload\.$/);
    assert.equal((await service.fetch("/healthz")).status, 200);
  } finally {
    await Deno.remove(file);
  }
});

/** Returns the samples of `GET /metrics`, keyed by name and labels. */
async function metrics(service: TestService): Promise<Record<string, number>> {
  const text = await (await service.fetch("/metrics")).text();
  const samples: [string, number][] = [];
  for (const line of text.trim().split("\n")) {
    if (line.startsWith("#")) continue;
    const [, name, value] = /^(rosterd_[a-z_]+(?:\{[a-z]+="[^"]*"\})?) (\d+(?:\.\d+)?(?:e[+-]?\d+)?)$/.exec(line)!;
    samples.push([name, Number(value)]);
  }
  return Object.fromEntries(samples);
}

onServer("metrics show imports, durations and waiting files, without names of users or files", async (url) => {
  await using service = await TestService.start({ databaseUrl: url });
  await service.import("alpha.csv", ROSTER);
  await service.import("beta.csv", `${ROSTER}3,ldap,not an address\n`);
  await service.smtp.received(1);
  await Deno.symlink("/etc/hostname", join(service.upload, "link.csv"));
  await service.turn();

  const told = await metrics(service);
  assert.equal(told['rosterd_imports_total{status="done"}'], 1);
  assert.equal(told['rosterd_imports_total{status="failed_records"}'], 1);
  assert.equal(told['rosterd_records_total{outcome="created"}'], 2);
  assert.equal(told['rosterd_records_total{outcome="unchanged"}'], 2);
  assert.equal(told['rosterd_records_total{outcome="failed"}'], 1);
  assert.equal(told['rosterd_usable{part="database"}'], 1);
  assert.equal(told['rosterd_files_waiting{reason="not_a_plain_file"}'], 1);
  for (const stage of ["examining", "reading", "merging", "reporting"]) {
    assert.ok(told[`rosterd_import_stage_seconds_total{stage="${stage}"}`] > 0, stage);
  }
  assert.ok(told.rosterd_turns_total >= 3 && told.rosterd_turn_seconds_total > 0);
  assert.ok(Math.abs(told.rosterd_last_success_timestamp_seconds - Date.now() / 1_000) < 60);
  assert.equal(told.rosterd_oldest_file_age_seconds, 0);
  const text = await (await service.fetch("/metrics")).text();
  assert.doesNotMatch(text, /alpha|beta|link|example\.edu|ldap/);
  // Every metric named in the docs must exist.
  const page = await Deno.readTextFile(new URL("../../docs/operations.md", import.meta.url));
  const asked = new Set(page.match(/\brosterd_\w+/g));
  const named = new Set(Object.keys(told).map((sample) => sample.replace(/\{.*/, "")));
  assert.deepEqual([...asked].sort(), [...named].sort());
});

onServer("the history of the settings shows both changes over HTTP and manual edits", async (url) => {
  await using service = await TestService.start({ databaseUrl: url });
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ interval_minutes: 7, smtp: null });
  await service.fetch("/settings", { method: "PATCH", body, headers });
  const settings = JSON.parse(await Deno.readTextFile(service.config.settings));
  await Deno.writeTextFile(service.config.settings, JSON.stringify({ ...settings, settle_seconds: 3 }));
  await service.turn();

  const { changes } = await service.get<SettingsHistoryPage>("/settings/history");
  assert.deepEqual(changes.map(({ how, by, changes }) => [how, by, ...changes.map(({ key }) => key)]), [
    ["file", null, "settle_seconds"],
    ["http", "admin", "interval_minutes", "smtp.host", "smtp.port", "smtp.security"],
  ]);
  assert.equal(service.lines.filter((line) => /"event":"settings_changed".*"by":"admin"/.test(line)).length, 1);
});
