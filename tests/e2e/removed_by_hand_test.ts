/** An import is not blocked forever when its file is removed from `.rosterd` or `bak`. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { serverUnavailable, testDatabase } from "../support/postgres.ts";
import { TestService } from "../support/service.ts";

const unavailable = await serverUnavailable();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

type Sql = NonNullable<Awaited<ReturnType<typeof testDatabase>>>["sql"];

function withService(name: string, test: (service: TestService, sql: Sql) => Promise<void>): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using database = (await testDatabase())!;
      await using service = await TestService.start({ databaseUrl: database.url });
      await test(service, database.sql);
    },
  });
}

/** Recreates the state that a kill between two steps of an import leaves behind. */
async function leave(sql: Sql, service: TestService, entry: Record<string, string | number>): Promise<void> {
  await sql`insert into rosterd.import_settings values ('', ${
    sql.json({ ...DEFAULT_SETTINGS })
  }) on conflict do nothing`;
  await sql`insert into rosterd.imports ${sql({ settings_digest: "", ...entry })}`;
  await Deno.mkdir(join(service.upload, ".rosterd", String(entry.taken_key)), { recursive: true });
}

withService("an import ends as an error if its file is removed before the import is applied", async (service, sql) => {
  await leave(sql, service, { file: "x.csv", taken_key: "k1" });

  await service.turn();
  await service.turn();

  const [entry] = (await service.get<{ imports: Record<string, unknown>[] }>("/imports")).imports;
  assert.deepEqual([entry.status, (entry.reason as { code: string }).code], ["error", "vanished"]);
  assert.notEqual(entry.finished_at, null);
  assert.equal(service.lines.filter((line) => line.includes("upload_gone")).length, 1, "the removal is logged once");
  assert.deepEqual(Array.from(Deno.readDirSync(join(service.upload, ".rosterd"))), []);
});

withService(
  "an applied import keeps its outcome if its file is removed, and its mail is sent",
  async (service, sql) => {
    await leave(sql, service, {
      file: "x.csv",
      taken_key: "k1",
      status: "failed_records",
      failed: 1,
      records: 1,
      mail: "waiting",
    });
    await sql`
      insert into rosterd.outbox (kind, import_id, message_id)
      select 'failures', id, '<1@example.edu>' from rosterd.imports`;

    await service.turn();

    const [mail] = await service.smtp.received(1);
    assert.match(mail.subject!, /x\.csv: its only record failed$/);
    const [entry] = (await service.get<{ imports: Record<string, unknown>[] }>("/imports")).imports;
    assert.deepEqual([entry.status, entry.bak_file, entry.failed_file], ["failed_records", null, null]);
    assert.deepEqual((entry.warnings as { code: string }[]).map(({ code }) => code), ["upload_gone"]);
  },
);
