/** Tests that unchanged records are skipped (`src/importer/digests/unchanged_cache.ts`). */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Settings } from "../../src/domain/settings.ts";
import { DEFAULT_SETTINGS } from "../../src/domain/settings.ts";
import { createCheck } from "../../src/importer/checks/check.ts";
import { openRoster } from "../../src/importer/csv/roster.ts";
import { Digest } from "../../src/importer/digests/digest.ts";
import { createUnchangedCache } from "../../src/importer/digests/unchanged_cache.ts";
import { UnchangedJournal } from "../../src/importer/digests/unchanged_journal.ts";
import { UnchangedTable } from "../../src/importer/digests/unchanged_table.ts";
import { chunksOf, recordOf, type SeenRecord, utf8 } from "../support/memory_file.ts";

interface Reading {
  /** Entries from earlier imports. */
  log?: Uint8Array[];
  settings?: Partial<Settings>;
  chunk?: number;
  forgotten?: string[];
  /** Whether users changed in every bucket. */
  allChanged?: boolean;
  /** The users whose entries are withdrawn at the end. */
  withdrawn?: string[];
}

/** Reads a roster as an import would. */
async function read(text: string, about: Reading = {}) {
  const { log = [], settings, chunk = 65_536, forgotten = [], allChanged = false, withdrawn = [] } = about;
  const all = { ...DEFAULT_SETTINGS, ...settings };
  const { header, delimiter, records } = await openRoster(() => chunksOf(utf8(text), chunk), all, false);
  const check = createCheck(header, all, "2026-11-28");
  const { table, matcher, journal } = createUnchangedCache(delimiter, header, all);
  table.expect(log.reduce((sum, piece) => sum + piece.length / 16, 0));
  for (const piece of log) table.add(piece);
  for (const uniqueId of forgotten) table.forget(uniqueId);
  if (allChanged) {
    table.forgetBuckets(new Uint8Array([1]));
    journal.withdrawStale();
  }
  const seen: SeenRecord[] = [];
  for await (const batch of records(matcher)) {
    journal.note(batch);
    for (let record = 0; record < batch.count; record++) seen.push(recordOf(batch, record));
    journal.add(batch, check(batch));
  }
  for (const uniqueId of withdrawn) journal.withdraw(uniqueId);
  return { seen, passed: matcher.skipped, repeated: journal.takeRepeated(), fresh: journal.take(), table };
}

const lines = (seen: readonly SeenRecord[]) => seen.map(({ line }) => line);
const PADDING = "\n".repeat(400);
const HEAD = "unique_id,login_source,city\n";
const FROM = 2;

Deno.test("unchanged records are skipped, and no new cache entries are stored for them", async () => {
  const text = HEAD + "a,ldap,Ottawa\nb,ldap,Hull\n";
  const { fresh } = await read(text);

  const again = await read(text, { log: fresh });

  assert.deepEqual({ seen: lines(again.seen).filter((line) => line >= FROM), passed: again.passed }, {
    seen: [],
    passed: 2,
  });
  assert.deepEqual(again.fresh, []);
});

Deno.test("a record that differs in one byte is read, and line numbers match those in an editor", async () => {
  const { fresh } = await read(HEAD + "a,ldap,Ottawa\nb,ldap,Hull\nc,ldap,\n");

  const again = await read(HEAD + "a,ldap,Ottawa\n" + PADDING + "b,ldap,HulL\nc,ldap,\n", { log: fresh });

  assert.deepEqual(lines(again.seen).filter((line) => line >= FROM), [FROM + 401]);
  assert.equal(again.passed, 2);
});

Deno.test("records are skipped after a change from LF to CRLF, and read after a change to CR", async () => {
  const text = HEAD + "a,ldap,Ottawa\nb,ldap,Hull\n";
  const { fresh } = await read(text);

  assert.equal((await read(text.replaceAll("\n", "\r\n"), { log: fresh })).passed, 2);
  const cr = await read(text.replaceAll("\n", "\r"), { log: fresh });
  assert.deepEqual([cr.passed, cr.seen.length], [0, 2]);
});

Deno.test("a multi-line record is always read, even if only CR separates its lines", async () => {
  for (const end of ["\n", "\r", "\r\n"]) {
    const text = HEAD + `a,ldap,"Ott${end}awa"\nb,ldap,\n`;
    const { fresh } = await read(text);

    const again = await read(text, { log: fresh });

    assert.deepEqual(lines(again.seen).filter((line) => line >= FROM), [FROM]);
    assert.equal(again.passed, 1);
  }
});

Deno.test("quoted records, and records with the unique_id in another column, are also skipped", async () => {
  const quoted = HEAD + '"a","ldap","Ott,awa"\n"b","ldap","say ""hi"""\n';
  assert.equal((await read(quoted, { log: (await read(quoted)).fresh })).passed, 2);

  const moved = "city,login_source,uuid\n" + "Ottawa,ldap,a\nHull,ldap,b\n,ldap,c \n";
  assert.equal((await read(moved, { log: (await read(moved)).fresh })).passed, 3);
});

Deno.test("with another header, another delimiter or other settings, every record is read", async () => {
  const text = HEAD + "a,ldap,Ottawa\n";
  const { fresh: log } = await read(text);

  assert.equal((await read(text.replace("city", "City"), { log })).passed, 0);
  assert.equal((await read(text.replaceAll(",", ";"), { log })).passed, 0);
  assert.equal((await read(text, { log, settings: { empty_values: "clear" } })).passed, 0);
  assert.equal((await read(text, { log, settings: { archive_inactive_users: true } })).passed, 0);
  assert.equal((await read(text, { log, settings: { login_sources: ["ldap"] } })).passed, 0);
  assert.equal((await read(text, { log, settings: { interval_minutes: 7, mail_on: "always" } })).passed, 1);
});

Deno.test("a record that failed is read again the next time", async () => {
  const text = HEAD.replace("city", "data_of_birth") + "a,ldap,2000-02-30\nb,ldap,2000-02-29\n";
  const { fresh } = await read(text);

  assert.equal((await read(text, { log: fresh })).passed, 1);
});

Deno.test("the record of a user changed by another program is read, and its new digest is valid again", async () => {
  const text = HEAD + "a,ldap,Ottawa\nb,ldap,Hull\n";
  const { fresh } = await read(text);

  const again = await read(text, { log: fresh, forgotten: ["a", "nobody"] });
  assert.deepEqual(lines(again.seen).filter((line) => line >= FROM), [FROM]);

  const log = [...fresh, ...again.fresh];
  assert.equal((await read(text, { log })).passed, 2);
  const rewritten = [...again.table.entries(), ...again.fresh];
  assert.equal((await read(text, { log: rewritten })).passed, 2);
});

Deno.test("the record of a user in a changed bucket is read, even after an import without that user", async () => {
  const text = HEAD + "a,ldap,Ottawa\nb,ldap,Hull\n", some = HEAD + "a,ldap,Ottawa\n";
  const { fresh } = await read(text);

  const changed = await read(some, { log: fresh, allChanged: true });
  assert.equal(changed.passed, 0);

  const again = await read(text, { log: [...fresh, ...changed.fresh] });
  assert.deepEqual([lines(again.seen), again.passed], [[FROM + 1], 1]);
});

Deno.test("the record of a user whose entry is withdrawn is read the next time, and nothing is stored twice", async () => {
  const text = HEAD + "a,ldap,Ottawa\nb,ldap,Hull\n", some = HEAD + "a,ldap,Ottawa\n";
  const { fresh: log } = await read(text, { withdrawn: ["b"] });

  assert.deepEqual(lines((await read(text, { log })).seen), [FROM + 1]);
  assert.deepEqual((await read(some, { log, withdrawn: ["b"] })).fresh, []);
});

Deno.test("if a user has several entries, the last one counts", async () => {
  const one = HEAD + "a,ldap,Ottawa\n", other = HEAD + "a,ldap,Hull\n";
  const log = (await read(one)).fresh;
  log.push(...(await read(other, { log })).fresh);

  assert.equal((await read(one, { log })).passed, 0);
  assert.equal((await read(other, { log })).passed, 1);
});

Deno.test("a second record of a user with a skipped record is reported, even if it is the same", async () => {
  const text = HEAD + "a,ldap,Ottawa\nb,ldap,Hull\n";
  const { fresh: log } = await read(text);

  assert.deepEqual((await read(text + "a,ldap,Hull\n", { log })).repeated, ["a"]);
  assert.deepEqual((await read(text + "b,ldap,Hull\n", { log })).repeated, ["b"]);
  // The order of the two records does not matter, because all of the user's records are read.
  assert.deepEqual((await read(HEAD + "a,ldap,Hull\na,ldap,Ottawa\n", { log })).repeated, ["a"]);
});

const value = fc.constantFrom("", "x", "é", '"x"', '"a\nb"', '"a\rb"', '"a""b"', 'a"b', '"a', " x ", "\t");
const row = fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.constantFrom("ldap", ""), value, fc.nat(9))
  .map(([id, source, city, more]) => [id, source, city, ...(more === 0 ? ["more"] : [])].join(","));
const end = fc.constantFrom("\n", "\n", "\n", "\r\n", "\r");
const body = fc.array(fc.tuple(row, end).map(([row, end]) => row + end), { maxLength: 12 }).map((rows) =>
  rows.join("")
);

Deno.test("records that are not skipped are read exactly as without the cache", async () => {
  await fc.assert(
    fc.asyncProperty(body, body, fc.constantFrom(3, 64, 65_536), async (before, now, chunk) => {
      const end = "z,ldap,\n";
      const { fresh: log, seen: earlier } = await read(HEAD + before + end);
      const whole = await read(HEAD + now + end, { chunk });

      const { seen, passed } = await read(HEAD + now + end, { log, chunk });

      assert.equal(seen.length + passed, whole.seen.length);
      const left = whole.seen.filter((record) =>
        !seen.some((other) => JSON.stringify(other) === JSON.stringify(record))
      );
      assert.equal(left.length, passed);
      // The skipped users had a record with the same values in the previous import.
      const said = new Set(earlier.map((record) => JSON.stringify("values" in record && record.values)));
      for (const record of left) assert.ok("values" in record && said.has(JSON.stringify(record.values)));
    }),
    { numRuns: 300, interruptAfterTimeLimit: 20_000 },
  );
});

const USERS = 10_000, LARGE = HEAD + Array.from({ length: USERS }, (_, at) => `u${at},ldap,Ottawa\n`).join("");

Deno.test("the table grows if the log names more users than expected", async () => {
  const { fresh } = await read(LARGE);
  const table = new UnchangedTable();
  table.expect(10);
  for (const piece of fresh) table.add(piece);

  assert.equal(table.size, USERS);
  assert.equal([...table.entries()].reduce((sum, piece) => sum + piece.length / 16, 0), USERS);
  for (let at = 0; at < USERS; at++) assert.ok(table.slotOf(`u${at}`) >= 0);
  assert.equal(table.slotOf("nobody"), -1);
});

Deno.test("entries can be taken in parts while a roster is read", async () => {
  const { header, delimiter, records } = await openRoster(() => chunksOf(utf8(LARGE), 65_536), DEFAULT_SETTINGS, false);
  const check = createCheck(header, DEFAULT_SETTINGS, "2026-11-28");
  const { journal } = createUnchangedCache(delimiter, header, DEFAULT_SETTINGS);
  const log: Uint8Array[] = [];
  for await (const batch of records()) {
    journal.note(batch);
    journal.add(batch, check(batch));
    log.push(...journal.take());
  }

  assert.ok(log.length > 1);
  assert.equal((await read(LARGE, { log })).passed, USERS);
});

Deno.test("above the limit, new users are left out, and users in the table keep their entries up to date", async () => {
  const { header, delimiter, records } = await openRoster(() => chunksOf(utf8(LARGE), 65_536), DEFAULT_SETTINGS, false);
  const check = createCheck(header, DEFAULT_SETTINGS, "2026-11-28");
  const { table } = createUnchangedCache(delimiter, header, DEFAULT_SETTINGS);
  const log = (await read(HEAD + "u9999,ldap,Hull\n")).fresh;
  table.expect(1);
  for (const piece of log) table.add(piece);
  const journal = new UnchangedJournal(table, new Digest(1, 2), 0, -1, 100);
  for await (const batch of records()) {
    journal.note(batch);
    journal.add(batch, check(batch));
  }
  journal.withdraw("u5");

  const entries = new UnchangedTable();
  entries.expect(USERS);
  for (const piece of [...log, ...journal.take()]) entries.add(piece);
  assert.equal(entries.size, 100);
  assert.ok(entries.slotOf("u98") >= 0);
  assert.equal(entries.slotOf("u99"), -1);
  assert.ok(entries.has(entries.slotOf("u5"), 0, 0));
  assert.ok(!entries.has(entries.slotOf("u9999"), 0, 0));
});
