import assert from "node:assert/strict";
import { emptyScan, type FolderScan } from "../../src/importer/inbox_port.ts";
import { appendFile, chmod, rename, unlink, utimes, writeFile } from "node:fs/promises";
import { linkTo, PIPE, run } from "./folder_tree.ts";
import { testClock, type Uploads, withUploads } from "./upload_folder.ts";

const names = (files: readonly { name: string }[]) => files.map(({ name }) => name);
const codes = (files: readonly { name: string; code: string }[]) =>
  Object.fromEntries(files.map(({ name, code }) => [name, code]));

/** Scans twice, `seconds` apart, with an event in between. */
async function lookTwice({ inbox, clock }: Uploads, seconds: number, between: () => Promise<void> = async () => {}) {
  await inbox.scan(30);
  await between();
  clock.pass(seconds);
  return await inbox.scan(30);
}

Deno.test("a file is ready when two scans settle_seconds apart see no change", () =>
  withUploads({ "x.csv": "a\n" }, async ({ inbox, clock }) => {
    const first = await inbox.scan(30);
    const [{ mtime, ...waits }] = first.waiting;
    assert.deepEqual(waits, { name: "x.csv", code: "changing", text: "waiting: still changing" });
    assert.equal(mtime, Date.parse("2026-11-20T12:00:00Z"));
    clock.pass(29.999);
    assert.deepEqual(names((await inbox.scan(30)).ready), []);
    clock.pass(0.001);
    const { ready, waiting } = await inbox.scan(30);
    assert.deepEqual(ready, [{ name: "x.csv", mtime: Date.parse("2026-11-20T12:00:00Z"), size: 2 }]);
    assert.deepEqual(waiting, []);
  }));

Deno.test("with settle_seconds 0, one scan is enough", () =>
  withUploads({ "x.csv": "a\n", "no end.csv": "a", "empty.csv": "" }, async ({ inbox }) => {
    assert.deepEqual(names((await inbox.scan(0)).ready), ["empty.csv", "no end.csv", "x.csv"]);
  }));

Deno.test("a file that arrives during two overlapping scans is not forgotten", async () => {
  const early = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`early${at}.csv`, "a\n"]));
  // The first scan reads the clock after listing the folder.
  let hasListed = () => {};
  const clock = { ...testClock(), elapsed: () => (hasListed(), 1_000) };
  await withUploads(early, async ({ inbox, at }) => {
    const second = Promise.withResolvers<FolderScan>();
    hasListed = () => {
      hasListed = () => {};
      Deno.writeTextFileSync(at("late.csv"), "a\n");
      inbox.scan(0).then(second.resolve, second.reject);
    };
    const [first, { ready }] = await Promise.all([inbox.scan(0), second.promise]);
    assert.deepEqual([first.ready.length, ready.length], [300, 301]);
    const late = ready.find(({ name }) => name === "late.csv")!;
    assert.equal((await inbox.claim(late))?.name, "late.csv");
  }, { clock });
});

Deno.test("a change in size, mtime, inode or ctime restarts the wait", async (t) => {
  const changes: Record<string, (uploads: Uploads) => Promise<void>> = {
    size: async ({ at }) => {
      await appendFile(at("x.csv"), "b\n");
      await utimes(at("x.csv"), new Date("2026-11-20T12:00:00Z"), new Date("2026-11-20T12:00:00Z"));
    },
    mtime: ({ at }) => utimes(at("x.csv"), new Date(), new Date("2001-01-01")),
    inode: async ({ at }) => {
      await writeFile(at(".other"), "b\n");
      await utimes(at(".other"), new Date("2026-11-20T12:00:00Z"), new Date("2026-11-20T12:00:00Z"));
      await rename(at(".other"), at("x.csv"));
    },
    ctime: async ({ at }) => {
      const before = Deno.statSync(at("x.csv")).ctime!.getTime();
      while (Deno.statSync(at("x.csv")).ctime!.getTime() === before) await chmod(at("x.csv"), 0o600);
    },
  };
  for (const [what, change] of Object.entries(changes)) {
    await t.step(what, () =>
      withUploads({ "x.csv": "a\n" }, async (uploads) => {
        const { waiting } = await lookTwice(uploads, 30, () => change(uploads));
        assert.deepEqual(codes(waiting), { "x.csv": "changing" });
        uploads.clock.pass(30);
        assert.deepEqual(names((await uploads.inbox.scan(30)).ready), ["x.csv"]);
      }));
  }
});

Deno.test("the clock of the file server may be wrong", () =>
  withUploads({ "past.csv": "a\n", "future.csv": "a\n" }, async (uploads) => {
    await utimes(uploads.at("past.csv"), new Date(0), new Date(0));
    await utimes(uploads.at("future.csv"), new Date("2199-01-01"), new Date("2199-01-01"));
    assert.equal((await uploads.inbox.scan(30)).waiting.length, 2);
    uploads.clock.pass(30);
    assert.deepEqual(names((await uploads.inbox.scan(30)).ready), ["past.csv", "future.csv"]);
  }));

Deno.test("a plain file without a final line ending waits ten times as long, but a compressed one does not", () =>
  withUploads({ "open.csv": "a,b\n1,", "empty.txt": "", "open.csv.gz": "any bytes" }, async (uploads) => {
    const { inbox, clock } = uploads;
    const { ready, waiting } = await lookTwice(uploads, 30);
    assert.deepEqual(names(ready), ["open.csv.gz"]);
    assert.deepEqual(codes(waiting), { "open.csv": "no_line_end", "empty.txt": "no_line_end" });
    clock.pass(269);
    assert.deepEqual(names((await inbox.scan(30)).ready), ["open.csv.gz"]);
    clock.pass(1);
    assert.deepEqual(names((await inbox.scan(30)).ready), ["empty.txt", "open.csv", "open.csv.gz"]);
  }));

Deno.test("LF, CR, CRLF and the line endings of UTF-16 end the last line", () =>
  withUploads({
    "lf.csv": "a\n",
    "cr.csv": "a\r",
    "crlf.csv": "a\r\n",
    "utf16le.csv": Uint8Array.of(0xff, 0xfe, 0x61, 0, 0x0a, 0),
    "utf16be.csv": Uint8Array.of(0xfe, 0xff, 0, 0x61, 0, 0x0a),
  }, async (uploads) => assert.deepEqual((await lookTwice(uploads, 30)).waiting, [])));

Deno.test("uploads are ordered by time, then by name in code units", () =>
  withUploads({ "b.csv": "\n", "a.csv": "\n", "B.csv": "\n", "é.csv": "\n", "old.csv": "\n" }, async (uploads) => {
    await utimes(uploads.at("old.csv"), new Date("2020-01-01"), new Date("2020-01-01"));
    assert.deepEqual(names((await uploads.inbox.scan(0)).ready), ["old.csv", "B.csv", "a.csv", "b.csv", "é.csv"]);
  }));

Deno.test("temporary and hidden names are ignored silently, and other extensions are logged once", () =>
  withUploads({
    ".in.x.csv": "a\n",
    "x.csv.filepart": "a\n",
    "~x.csv": "a\n",
    "x.xlsx": "a\n",
    "notes": "a\n",
    "folder": { "x.csv": "a\n" },
  }, async ({ inbox, events, at }) => {
    for (const path of [".in.x.csv", "x.csv.filepart", "~x.csv"]) await utimes(at(path), STARTED_TODAY, STARTED_TODAY);
    for (let looks = 0; looks < 3; looks++) {
      const scan = await inbox.scan(0);
      assert.deepEqual({ ...scan, ignored: names(scan.ignored) }, { ...emptyScan(), ignored: ["notes", "x.xlsx"] });
    }
    const named = events.toSorted(([, one], [, other]) => JSON.stringify(one) < JSON.stringify(other) ? -1 : 1);
    assert.deepEqual(named, [["upload_ignored", { file: "notes" }], ["upload_ignored", { file: "x.xlsx" }]]);
    await unlink(at("notes"));
    await inbox.scan(0);
    await writeFile(at("notes"), "again");
    await inbox.scan(0);
    assert.equal(events.length, 3);
  }));

const STARTED_TODAY = new Date("2026-11-23T08:00:00Z");

Deno.test("a temporary file that is a day old is logged once", () =>
  withUploads({ "x.csv.part": "a\n" }, async ({ inbox, events }) => {
    await inbox.scan(0);
    await inbox.scan(0);
    assert.deepEqual(events, [["temporary_file_is_old", { file: "x.csv.part" }]]);
  }));

Deno.test("links, folders, pipes and sockets are never opened, whatever their name", () =>
  withUploads({
    "secret.csv": linkTo("/etc/passwd"),
    "dangling.csv": linkTo("nowhere"),
    "pipe.csv": PIPE,
    "folder.csv": { "inner.csv": "a\n" },
    "good.csv": "a\n",
  }, async ({ inbox, at }) => {
    using _socket = Deno.listen({ transport: "unix", path: at("socket.csv") });
    const { ready, waiting } = await inbox.scan(0);
    assert.deepEqual(names(ready), ["good.csv"]);
    assert.deepEqual(new Set(waiting.map(({ code }) => code)), new Set(["not_a_plain_file"]));
    assert.equal(waiting.length, 5);
    assert.match(
      waiting.find(({ name }) => name === "pipe.csv")!.text,
      /^waiting: it is a pipe, which rosterd never opens; remove it$/,
    );
  }));

Deno.test("unusual names are accepted", () => {
  const strange = ["a\nb.csv", "\u001b[31mred.csv", "-rf.csv", "=cmd.csv", "..csv.csv", "'\"`$x.csv", "\u202egpj.csv"];
  const longest = "x".repeat(251) + ".csv";
  const all = [...strange.filter((name) => !name.startsWith(".")), "🎓 名.csv", longest];
  return withUploads(Object.fromEntries(all.map((name) => [name, "a\n"])), async ({ inbox }) => {
    assert.deepEqual(names((await inbox.scan(0)).ready), all.toSorted());
  });
});

Deno.test({
  name: "a name that is not UTF-8 is reported, and the others are imported (Deno 2.6 does not list it)",
  ignore: Deno.version.deno.startsWith("2.6."),
  fn: () =>
    withUploads({ "good.csv": "a\n", "\ufffd.csv": "a\n" }, async ({ inbox, root }) => {
      await run("bash", "-c", `cd "$0" && touch $'\\xff.csv' $'b\\xe9.csv' $'\\xfe.bin'`, root);
      const { ready, waiting } = await inbox.scan(0);
      assert.deepEqual(names(ready), ["good.csv", "\ufffd.csv"]);
      assert.deepEqual(waiting.map(({ name, code }) => [name, code]), [
        ["b\ufffd.csv", "not_utf8_name"],
        ["\ufffd.csv", "not_utf8_name"],
      ]);
    }),
});

Deno.test("a file that vanishes or changes during a scan is skipped silently", () =>
  withUploads({ "x.csv": "a\n" }, async (uploads) => {
    const scan = await lookTwice(uploads, 30, () => unlink(uploads.at("x.csv")));
    assert.deepEqual(scan, emptyScan());
    assert.deepEqual(uploads.events, []);
  }));

Deno.test("a waiting file is logged once, not on every scan", () =>
  withUploads({ "x.csv": linkTo("y"), "fresh.csv": "a\n" }, async (uploads) => {
    await lookTwice(uploads, 1);
    await uploads.inbox.scan(30);
    assert.deepEqual(uploads.events.map(([event, fields]) => [event, fields?.file]), [["upload_waiting", "x.csv"]]);
  }));

Deno.test("a scan creates .rosterd with access only for rosterd, and changes nothing else", () =>
  withUploads({ "x.csv": "a\n" }, async ({ inbox, at, root }) => {
    await inbox.scan(30);
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name).sort(), [".rosterd", "x.csv"]);
    assert.deepEqual([...Deno.readDirSync(at(".rosterd"))], []);
    assert.equal(Deno.statSync(at(".rosterd")).mode! & 0o777, 0o750 & ~Deno.umask());
    await chmod(at(".rosterd"), 0o700);
    await inbox.scan(30);
    assert.equal(Deno.statSync(at(".rosterd")).mode! & 0o777, 0o700);
  }));
