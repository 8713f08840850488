/**
 * Uploads that change after rosterd has claimed them (I5). An upload may stall for longer than rosterd waits, and the
 * server's open handle keeps writing to the file even after it has been moved.
 */
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../support/until.ts";
import { SFTP_BLOCK, type Upload } from "./clients.ts";
import { UploadPlace, withoutSftp } from "./place.ts";
import { CUT_AT_A_RECORD_END, CUT_WITHIN_A_RECORD, leftBehind, roster, type RosterOptions, whole } from "./rosters.ts";
import { survived } from "../verdict.ts";

const unavailable = await withoutSftp();
if (unavailable !== null) console.error(`LEFT OUT: the tests of ${import.meta.url}: ${unavailable}`);

function test(name: string, fn: (place: UploadPlace) => Promise<void>, settings: Record<string, unknown> = {}): void {
  Deno.test({
    name,
    ignore: unavailable !== null,
    async fn() {
      await using place = await UploadPlace.open(settings);
      await fn(place);
    },
  });
}

/** The roster is 26 MB in size so that a test can act while rosterd is reading it. */
const MANY = 400_000;
const FAST = 12_000_000;

/** Starts an upload and stops its client halfway. Resolves when the server has stored all bytes sent. */
async function stalled(place: UploadPlace, name: string, options: RosterOptions, bytes: number): Promise<Upload> {
  const client = await place.sftp();
  const local = await place.local(name, roster(options));
  const upload = client.start({ local, name, speed: bytes > 1_000_000 ? FAST : 400_000 });
  await place.arrived(name, bytes);
  upload.stop();
  return upload;
}

/** Waits until an import is reading the file. */
async function isRead(place: UploadPlace, name: string): Promise<void> {
  await until(`${name} is read`, async () => (await place.running())?.file === name, 30_000);
}

/** The path to a claimed upload, as its uploader sees it. */
async function claimedPath(place: UploadPlace, name: string): Promise<string> {
  const [key] = await readdir(place.at(".rosterd"));
  return join(".rosterd", key, name);
}

for (const [where, header] of [["within", CUT_WITHIN_A_RECORD], ["at the end of", CUT_AT_A_RECORD_END]] as const) {
  test(`an upload that stalls ${where} a record and continues while it is read is rolled back, and later imported completely`, async (place) => {
    const options = { prefix: "big", records: MANY, header };
    const upload = await stalled(place, "big.csv", options, 10_000_000);
    const turns = place.importedAll(["big.csv"], 120_000);
    await isRead(place, "big.csv");
    upload.goOn();
    await place.waitsFor("big.csv", "changed_while_read");
    const [{ users }] = await place.database.sql<{ users: number }[]>`select count(*) as users from rosterd.users`;
    assert.equal(users, 0, "no record was applied");
    await upload.done();
    await turns;
    await place.finish(whole("big.csv", options));
    assert.equal(place.service.smtp.mails.length, 0);
    place.outside.checks += 2;
    survived({
      fault: `an upload that stalls ${where} a record and continues while it is read`,
      injected: 1,
      checks: place.outside.checks,
    });
  });
}

test("an upload that is truncated and rewritten while it is read is rolled back, and imported again", async (place) => {
  const first = { prefix: "old", records: MANY };
  const again = { prefix: "new", records: 2_000 };
  const client = await place.sftp();
  await client.start({ local: await place.local("old.csv", roster(first)), name: "x.csv" }).done();
  const local = await place.local("new.csv", roster(again));
  const turns = place.importedAll(["x.csv"], 120_000);
  await isRead(place, "x.csv");
  await client.batch(`put ${local} ${await claimedPath(place, "x.csv")}`).done();
  await place.waitsFor("x.csv", "changed_while_read");
  await turns;
  await place.finish(whole("x.csv", again));
  survived({ fault: "truncated and rewritten while it is read", injected: 1, checks: place.outside.checks });
});

test("an upload with the same name as one that is being read is imported after it", async (place) => {
  const first = { prefix: "first", records: MANY };
  const second = { prefix: "second", records: 1_000 };
  const client = await place.sftp();
  await client.start({ local: await place.local("1.csv", roster(first)), name: "x.csv" }).done();
  const local = await place.local("2.csv", roster(second));
  const turns = place.importedAll(["x.csv", "x.csv"], 120_000);
  await isRead(place, "x.csv");
  await client.start({ local, name: "x.csv" }).done();
  await turns;
  await place.finish(whole("x.csv", first), whole("x.csv", second));
  const imports = await place.imports("x.csv");
  assert.deepEqual(imports.map(({ created }) => created), [MANY, 1_000]);
  place.outside.checks++;
  survived({ fault: "the same name twice in one interval", injected: 1, checks: place.outside.checks });
});

test("an upload that grows after its move to bak causes one mail about it", async (place) => {
  const options = { prefix: "late", records: 20_000, header: CUT_AT_A_RECORD_END };
  const upload = await stalled(place, "late.csv", options, 4 * SFTP_BLOCK);
  await place.importedAll(["late.csv"]);
  const [{ bak_file, created, records }] = await place.imports("late.csv");
  const early = leftBehind("late.csv", await Deno.readFile(place.at("bak", bak_file)));
  assert.deepEqual([early.cutOffAt, created, records], [
    null,
    early.dropped.creates.length,
    early.dropped.creates.length,
  ]);
  assert.ok(records < 20_000, "the file was imported too early, which could not be detected");
  await place.turnLeaves();
  assert.equal(place.service.smtp.mails.length, 0);

  upload.goOn();
  await upload.done();
  await place.turnLeaves();
  const [mail] = await place.service.smtp.received(1);
  assert.equal(mail.subject, "rosterd: late.csv: grew after it was imported");
  assert.ok(mail.envelope.to.includes("admin@example.edu"));
  assert.match(
    mail.text!,
    new RegExp(`grew after it was imported: from ${early.dropped.content.length.toLocaleString("en-US")} to `),
  );
  assert.ok(mail.text!.includes(bak_file), "the mail names the file in bak");
  await place.turnLeaves();
  await place.turnLeaves();
  const [{ alerts }] = await place.database.sql<{ alerts: number }[]>`select count(*) as alerts from rosterd.outbox`;
  assert.equal(alerts, 1, "no second mail is waiting");
  // Uploads the whole file again, as the email instructs.
  await (await place.sftp()).start({ local: join(place.base, "late.csv"), name: "late.csv" }).done();
  await place.importedAll(["late.csv", "late.csv"]);
  await place.finish({ ...whole("late.csv", options), times: 2 });
  place.outside.checks += 7;
  survived({ fault: "an upload that continues after its move to bak", injected: 1, checks: place.outside.checks });
});

test("an upload that stalls before its first byte waits, and is imported completely if it continues in time", async (place) => {
  const options = { prefix: "late", records: 1_000 };
  const client = await place.sftp();
  await client.start({ local: await place.local("empty.csv", ""), name: "x.csv" }).done();
  await place.waitsFor("x.csv", "no_line_end");
  await place.turnLeaves();
  await client.start({ local: await place.local("x.csv", roster(options)), name: "x.csv", resume: true }).done();
  await place.finish(whole("x.csv", options));
  survived({ fault: "an upload that stalls before its first byte", injected: 1, checks: place.outside.checks });
});
