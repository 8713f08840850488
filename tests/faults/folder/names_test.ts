/** Tests dangerous names. Runs a whole service and checks it from outside. */
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { isTemporary } from "../../../src/inbox/files/fsync.ts";
import { linkTo, plant, run, treeOf } from "../../inbox/folder_tree.ts";
import { until } from "../../support/until.ts";
import { allDone, folderTest } from "./case.ts";
import { survived } from "../verdict.ts";

/** Maps the name of each upload to its name in `bak`, up to the date. */
const EVIL: Record<string, string> = {
  "new\nline.csv": "new_line",
  "\u001b[31mred\u0007.csv": "_[31mred_",
  "-rf.csv": "_rf",
  "=HYPERLINK(1).csv": "_HYPERLINK(1)",
  "@sum.csv": "_sum",
  "a..\u2215..\u2215etc.csv": "a..\u2215..\u2215etc",
  "a..%2f..%2fetc.csv": "a..%2f..%2fetc",
  "a..\\..\\x.csv": "a..\\..\\x",
  "gpj.\u202evsc.csv": "gpj._vsc",
  '🎓 Zoë\'s "best".csv': '🎓 Zoë\'s "best"',
  "<img src=x onerror=alert(1)>.csv": "<img src=x onerror=alert(1)>",
  "CR\rLF\nBcc: all@example.edu.csv": "CR_LF_Bcc: all@example.edu",
  "$(id)`id`.csv": "$(id)`id`",
  ["x".repeat(251) + ".csv"]: "x".repeat(234),
};

folderTest(
  "names are complete in the history, escaped in the log, the page and the mail, and harmless in bak",
  async (service) => {
    for (const [number, name] of Object.keys(EVIL).entries()) {
      await service.dropGood(`E${number}`, { fails: true, name });
    }
    const names = Object.keys(EVIL);
    const entries = await until("all are imported", async () => {
      await service.turn();
      const imports = await service.imports();
      return imports.length === names.length && imports;
    });
    await until("the mails are sent", () => service.smtp.mails.length > 9, 30_000);
    assert.deepEqual(
      new Set(entries.map(({ file }) => file)),
      new Set(names),
      "the history has the original names",
    );
    for (const { file, bak_file } of entries) {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(bak_file!, /[\u0000-\u001f\u007f-\u009f\u2028-\u202e]|^[-.=+@]/);
      assert.ok(bak_file!.startsWith(`${EVIL[file]}.2`), bak_file!);
      assert.ok(new TextEncoder().encode(bak_file!).length <= 255);
    }
    for (const line of service.log.trimEnd().split("\n")) {
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(line, /[\u0000-\u001f\u007f]/, "each event is one line without control characters");
      JSON.parse(line);
    }
    const page = await (await service.fetch("/imports?limit=200")).text();
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(page, /[\u0000-\u001f\u007f]/);
    for (const mail of service.smtp.mails) {
      assert.deepEqual(mail.envelope.to, ["registry@example.edu"], "a name adds no recipient");
      assert.equal(mail.headers.has("bcc"), false);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(mail.subject ?? "", /[\u0000-\u001f\u007f\u202e]/);
      for (const { filename } of mail.attachments) assert.doesNotMatch(filename ?? "", /[\r\n/\u202e]|^[-.=+@]/);
    }
    await service.outside.atAnyInstant();
    survived({
      fault:
        "names with line endings, escape codes, leading - and =, look-alikes of ../, 255 bytes, RTL marks, emoji, quotes",
      injected: names.length,
      checks: 6 * names.length + service.outside.checks,
    });
  },
);

folderTest("a name that is not UTF-8 is reported, and files with other names are imported", async (service) => {
  await run("bash", "-c", `cd "$0" && touch $'\\xff.csv' $'b\\xe9.csv' $'caf\\xc3.csv.gz'`, service.upload);
  await service.dropGood("N1", { fails: true });
  await allDone(service);
  const { ready, waiting } = await service.status();
  assert.equal(ready, true);
  assert.deepEqual(waiting.map(({ name, code }) => [name, code]), [
    ["b\ufffd.csv", "not_utf8_name"],
    ["caf\ufffd.csv.gz", "not_utf8_name"],
    ["\ufffd.csv", "not_utf8_name"],
  ]);
  await run("bash", "-c", `cd "$0" && mv $'b\\xe9.csv' good.csv`, service.upload);
  await allDone(service);
  assert.equal(
    (await service.imports()).find(({ file }) => file === "good.csv")?.status,
    "rejected",
    "renamed, it is an empty file",
  );
  survived({ fault: "names that are not UTF-8", injected: 3, checks: 4 });
}, { ignore: Deno.version.deno.startsWith("2.6.") });

folderTest("an existing entry of any kind in bak is never changed", async (service) => {
  await mkdir(service.at("bak"));
  // Creates a name for every second of the next minute so that the import finds its name taken.
  const stamps = Array.from(
    { length: 60 },
    (_, second) => new Date(Date.now() + second * 1_000).toISOString().replace(/[-:]|\.\d+/g, ""),
  );
  for (const stamp of stamps) {
    await plant(service.at("bak"), {
      [`good-T1.${stamp}.csv`]: "old\n",
      [`good-T1.${stamp}.failed.csv`]: linkTo("/etc/hostname"),
    });
  }
  // Each of the service's scans creates a short-lived folder to check its rights.
  const lasting = () => treeOf(service.at("bak"), { but: (name) => isTemporary(name, "probe") });
  const before = await lasting();
  await service.dropGood("T1", { fails: true });
  await allDone(service);
  const { bak_file, failed_file } = (await service.imports())[0];
  assert.match(bak_file!, /^good-T1\.\d{8}T\d{6}Z-2\.csv$/);
  assert.match(failed_file!, /^good-T1\.\d{8}T\d{6}Z\.failed-2\.csv$/);
  const { [bak_file!]: _file, [failed_file!]: _failed, ...rest } = await lasting();
  assert.deepEqual(rest, before, "nothing was overwritten");
  await service.outside.eachAsTold();
  survived({ fault: "the names in bak are taken", injected: 2 * stamps.length, checks: 3 + service.outside.checks });
});
