/**
 * Uploads with real servers and clients: sshd with `sftp`, `lftp` and `curl`, and vsftpd with `lftp` and `curl` over TLS.
 * Each test runs all five clients at once.
 */
import assert from "node:assert/strict";
import { utimes } from "node:fs/promises";
import { type Client, SFTP_BLOCK, temporaryNames, type Upload } from "./clients.ts";
import { SETTLE, UploadPlace, withoutServers } from "./place.ts";
import { CUT_AT_A_RECORD_END, leftBehind, roster, type RosterOptions, whole } from "./rosters.ts";
import { until } from "../../support/until.ts";
import { survived } from "../verdict.ts";

const unavailable = await withoutServers();
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

/** The roster is about 640 kB in size, which takes four seconds to upload at {@link SLOW}. */
const RECORDS = 10_000;
const SLOW = 160_000;

/** One client's upload. */
class Sending {
  readonly name: string;
  readonly options: RosterOptions;

  constructor(readonly place: UploadPlace, readonly client: Client, options: Partial<RosterOptions> = {}) {
    this.name = `${client.name}.csv`;
    this.options = { prefix: client.name, records: RECORDS, ...options };
  }

  async start(job: { speed?: number; resume?: boolean; temporaryName?: boolean } = {}): Promise<Upload> {
    const local = await this.place.local(this.name, roster(this.options));
    return this.client.start({ local, name: this.name, ...job });
  }

  /** Kills a slow upload halfway. Returns the partial file. */
  async killed(): Promise<Uint8Array> {
    const upload = await this.start({ speed: SLOW });
    await this.place.arrived(this.name, 4 * SFTP_BLOCK);
    await upload.kill();
    return await this.place.left(this.name);
  }

  get whole() {
    return whole(this.name, this.options);
  }
}

async function sendings(place: UploadPlace, options: Partial<RosterOptions> = {}): Promise<Sending[]> {
  return (await place.clients()).map((client) => new Sending(place, client, options));
}

function forAll<T>(all: readonly Sending[], work: (sending: Sending) => Promise<T>): Promise<T[]> {
  return Promise.all(all.map(work));
}

test("a complete upload of each client is imported after it has settled", async (place) => {
  const all = await sendings(place);
  await forAll(all, async (sending) => await (await sending.start()).done());
  await place.finish(...all.map((sending) => sending.whole));
  survived({ fault: "complete uploads by each client", injected: all.length, checks: place.outside.checks });
});

test("a slow upload of each client is not imported before it has settled", async (place) => {
  const all = await sendings(place);
  await forAll(all, async (sending) => {
    const upload = await sending.start({ speed: SLOW });
    await place.arrived(sending.name, 1);
    let changing = 0;
    while (!upload.ended) {
      await place.service.turn();
      const file = (await place.waiting()).find(({ name }) => name === sending.name);
      if (file?.code === "changing") {
        assert.equal(file.text, "waiting: still changing");
        changing++;
      }
    }
    await upload.done();
    assert.ok(changing > 0, `the status says that ${sending.name} is changing`);
    place.outside.checks++;
  });
  await place.finish(...all.map((sending) => sending.whole));
  for (const { name } of all) await place.importedAfter(name, SETTLE);
  survived({
    fault: "slow uploads by each client during turns",
    injected: all.length,
    checks: place.outside.checks,
  });
});

test("the partial upload of each killed client waits ten times as long, and is then rejected as cut off", async (place) => {
  const all = await sendings(place);
  const left = await forAll(all, async (sending) => leftBehind(sending.name, await sending.killed()));
  // FTPS may cut off the file anywhere. SFTP sends blocks, so the file is always cut off within a record.
  assert.notEqual(left[0].cutOffAt, null);
  for (const { dropped } of left) place.outside.expect(dropped);
  while ((await place.service.turn()).length === 0) await place.outside.atAnyInstant();
  await place.finish(...left.map(({ dropped }) => dropped));
  for (const { dropped: { name }, cutOffAt } of left) {
    const [{ code, text }] = await place.imports(name);
    if (cutOffAt === null) continue;
    assert.equal(code, "cut_off", name);
    assert.match(text!, new RegExp(`looks cut off at line ${cutOffAt}\\b`));
    await place.importedAfter(name, 10 * SETTLE);
    place.outside.checks += 2;
  }
  const kills = all.length;
  survived({
    fault: "each client killed in the middle of a record",
    injected: kills,
    kills,
    checks: place.outside.checks,
  });
});

test(
  "a partial upload that ends with a complete record is imported, and the guard holds all missing users",
  async (place) => {
    const [sftp] = await place.clients();
    const first = new Sending(place, sftp, { prefix: "user" });
    await (await first.start()).done();
    await place.importedAll([first.name]);

    // This file has the same users but a different header, so that the bytes differ.
    const second = new Sending(place, { ...sftp, name: "cut" }, { prefix: "user", header: CUT_AT_A_RECORD_END });
    const left = leftBehind(second.name, await second.killed());
    assert.equal(left.cutOffAt, null, "the partial upload ends with a complete record");
    assert.ok(left.dropped.creates.length < RECORDS / 2, "more than half of the users are missing");
    await place.finish(first.whole, { ...left.dropped, status: "held" });
    const [{ inactive, held }] = await place.database.sql<{ inactive: number; held: number }[]>`
      select count(*) filter (where not active) as inactive,
        (select count(*) from rosterd.import_held) as held
      from rosterd.users`;
    assert.deepEqual([inactive, held], [0, RECORDS - left.dropped.creates.length]);
    await place.service.smtp.received(1);
    assert.match(place.service.smtp.mails[0].subject!, /^rosterd: cut\.csv: \d+ archivals on hold$/);
    place.outside.checks += 3;
    survived({
      fault: "sftp killed exactly at the end of a record",
      injected: 1,
      kills: 1,
      checks: place.outside.checks,
    });
  },
  { missing_users: "archive" },
);

test("an upload that a client resumes before the claim is imported completely and only once", async (place) => {
  const all = await sendings(place);
  await forAll(all, async (sending) => {
    const left = await sending.killed();
    await until(`${sending.name} waits`, async () => (await place.waiting()).some(({ name }) => name === sending.name));
    await (await sending.start({ resume: true })).done();
    assert.ok(left.length < sending.whole.content.length, "a partial upload was left to resume");
  });
  await place.finish(...all.map((sending) => sending.whole));
  const kills = all.length;
  survived({ fault: "each client killed and resumed", injected: kills, kills, checks: place.outside.checks });
});

test("an upload with a temporary name is ignored silently until it is renamed", async (place) => {
  const all = await sendings(place);
  await forAll(all, async (sending) => {
    const upload = await sending.start({ speed: SLOW, temporaryName: true });
    while (!upload.ended) {
      await place.service.turn();
      const { waiting, ignored } = await place.service.get<{ waiting: { name: string }[]; ignored: string[] }>(
        "/status",
      );
      const named = [...waiting.map(({ name }) => name), ...ignored];
      assert.deepEqual(named.filter((name) => temporaryNames(sending.name).includes(name)), []);
      const size = await place.sizeOf(sending.name);
      assert.ok(size === -1 || size === sending.whole.content.length, `${sending.name} is complete, or not there yet`);
    }
    await upload.done();
  });
  await place.finish(...all.map((sending) => sending.whole));
  for (const { name } of all) await place.importedAfter(name, SETTLE);
  survived({
    fault: "uploads under a temporary name, then renamed",
    injected: all.length,
    checks: place.outside.checks,
  });
});

test("an upload that is overwritten before the claim is imported once, with its latest content", async (place) => {
  const all = await sendings(place, { records: 1_000 });
  await forAll(all, async (sending) => {
    const { client, name } = sending;
    const send = async (options: RosterOptions) => {
      const local = await place.local(`earlier-${name}`, roster(options));
      await client.start({ local, name }).done();
    };
    await send({ prefix: "early", records: 1_500 });
    await place.waitsFor(name, "changing");
    await send({ prefix: "later", records: 1_500 });
    await place.waitsFor(name, "changing");
  });
  await place.allSettled(all.map(({ name }) => name));
  await forAll(all, async (sending) => await (await sending.start()).done());
  await place.finish(...all.map((sending) => sending.whole));
  survived({
    fault: "overwritten while waiting, and after settling",
    injected: 2 * all.length,
    checks: place.outside.checks,
  });
});

test("an upload that its client deletes is forgotten", async (place) => {
  const ssh = await place.sftp();
  await ssh.start({ local: await place.local("x.csv", roster({ prefix: "x", records: 10 })), name: "x.csv" }).done();
  await place.waitsFor("x.csv", "changing");
  await ssh.batch("rm x.csv").done();
  await place.turnLeaves();
  assert.deepEqual(await place.waiting(), []);
  await ssh.start({ local: await place.local("y.csv", roster({ prefix: "y", records: 10 })), name: "y.csv" }).done();
  await place.waitsFor("y.csv", "changing");
  await place.allSettled(["y.csv"]);
  await ssh.batch("rm y.csv").done();
  await place.turnLeaves();
  assert.deepEqual(await place.waiting(), []);
  const good = { prefix: "good", records: 3 };
  await ssh.start({ local: await place.local("good.csv", roster(good)), name: "good.csv" }).done();
  await place.finish(whole("good.csv", good));
  survived({ fault: "deleted by its client before it was claimed", injected: 2, checks: place.outside.checks });
});

test("the same file on another day changes no user, causes no mail, and gets another name in bak", async (place) => {
  const ssh = await place.sftp();
  const options = { prefix: "same", records: 1_000 };
  const local = await place.local("x.csv", roster(options));
  await ssh.start({ local, name: "x.csv" }).done();
  await place.importedAll(["x.csv"]);
  const tomorrow = new Date(Date.now() + 86_400_000);
  await utimes(local, tomorrow, tomorrow);
  await ssh.batch(`put -p ${local} x.csv`).done();
  await place.importedAll(["x.csv", "x.csv"]);
  await place.finish({ ...whole("x.csv", options), times: 2 });
  const [first, second] = await place.imports("x.csv");
  assert.deepEqual([first.created, second.created, second.unchanged], [1_000, 0, 1_000]);
  assert.deepEqual([first.mail, second.mail, place.service.smtp.mails.length], ["none", "none", 0]);
  assert.notEqual(first.bak_file, second.bak_file);
  place.outside.checks += 3;
  survived({ fault: "the same bytes again, a day later", injected: 1, checks: place.outside.checks });
});

test("files with times far in the future or the past also settle, and the oldest is imported first", async (place) => {
  const ssh = await place.sftp();
  const dates = { "future.csv": "2037-01-01", "past.csv": "1999-01-01", "now.csv": new Date().toISOString() };
  const files = [];
  for (const [name, date] of Object.entries(dates)) {
    const options = { prefix: name.slice(0, 4), records: 10 };
    const local = await place.local(name, roster(options));
    await utimes(local, new Date(date), new Date(date));
    await ssh.batch(`put -p ${local} ${name}`).done();
    assert.equal(Deno.statSync(place.at(name)).mtime!.getFullYear(), new Date(date).getFullYear());
    files.push(whole(name, options));
  }
  await place.waitsFor("now.csv", "changing");
  await place.allSettled(files.map(({ name }) => name));
  // A new modification time without new bytes also counts as a change.
  await utimes(place.at("past.csv"), new Date("1998-01-01"), new Date("1998-01-01"));
  await place.waitsFor("past.csv", "changing");
  await place.allSettled(["past.csv"]);
  await place.finish(...files);
  const order = await place.database.sql<{ file: string }[]>`select file from rosterd.imports order by id`;
  assert.deepEqual(order.map(({ file }) => file), ["past.csv", "now.csv", "future.csv"]);
  place.outside.checks++;
  survived({ fault: "file times years in the future or the past", injected: 2, checks: place.outside.checks });
});
