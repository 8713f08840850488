import assert from "node:assert/strict";
import { bakName, failedName, kindOfName, numberedName, plainName } from "../../src/inbox/names.ts";
import { STARTED, T } from "./upload_folder.ts";

const bytes = (text: string) => new TextEncoder().encode(text).length;

Deno.test("csv, tsv and txt files are uploads in any letter case, even if compressed", () => {
  for (const name of ["x.csv", "X.CSV", "x.tsv", "x.Txt", "x.csv.gz", "x.TSV.GZ", "-x.csv", "=x.csv", "a b.c.csv"]) {
    assert.equal(kindOfName(name), "upload", name);
  }
});

Deno.test("names of unfinished files are temporary", () => {
  const names = [".x.csv", ".in.x.csv", ".sftpgo-upload.abc.x.csv", "~x.csv", "x.csv.part", "x.csv.filepart", "x.tmp"];
  for (const name of [...names, "x.csv.temp", "x.partial", "x.CRDOWNLOAD", "x.csv.writing", ".csv", ".part"]) {
    assert.equal(kindOfName(name), "temporary", name);
  }
});

Deno.test("files with any other extension are ignored", () => {
  for (const name of ["x.xlsx", "x", "csv", "x.gz", "x.csv.zip", "x.csv.gz.gz", "x.csvx", "README.md", "x.csv\n"]) {
    assert.equal(kindOfName(name), "other", name);
  }
});

Deno.test("the time of the import is inserted before the extension", () => {
  assert.equal(bakName("x.csv", STARTED), `x.${T}.csv`);
  assert.equal(bakName("x.csv.gz", STARTED), `x.${T}.csv.gz`);
  assert.equal(bakName("Roster 1.v2.TXT.GZ", STARTED), `Roster 1.v2.${T}.TXT.GZ`);
  assert.equal(failedName("x.csv.gz", STARTED), `x.${T}.failed.csv`);
  assert.equal(failedName("x.tsv", STARTED), `x.${T}.failed.csv`);
});

Deno.test("a number is inserted before the extension if the name exists", () => {
  assert.equal(numberedName(`x.${T}.csv`, 1), `x.${T}.csv`);
  assert.equal(numberedName(`x.${T}.csv`, 2), `x.${T}-2.csv`);
  assert.equal(numberedName(`x.${T}.csv.gz`, 3), `x.${T}-3.csv.gz`);
  assert.equal(numberedName(`x.${T}.failed.csv`, 12), `x.${T}.failed-12.csv`);
  assert.equal(numberedName("x", 2), "x-2");
});

Deno.test("long names are shortened to 255 bytes between code points, and keep date, number and extension", () => {
  for (const letter of ["x", "é", "名", "🎓"]) {
    const upload = letter.repeat(Math.floor(251 / bytes(letter))) + ".csv";
    for (const n of [1, 2, 1000]) {
      const name = numberedName(bakName(upload, STARTED), n);
      assert.ok(bytes(name) <= 255 && bytes(name) > 255 - bytes(letter), `${bytes(name)} bytes`);
      assert.ok(name.endsWith(n === 1 ? `.${T}.csv` : `.${T}-${n}.csv`), name);
      assert.ok(name.isWellFormed() && !name.includes("\ufffd"));
    }
    assert.ok(bytes(numberedName(failedName(upload, STARTED), 2)) <= 255);
  }
});

Deno.test("a name in bak has no invisible characters and no characters that programs interpret", () => {
  const safe = (upload: string) => numberedName(bakName(upload, STARTED), 1);
  assert.equal(safe("a\nb\u001b[31m.csv"), `a_b_[31m.${T}.csv`);
  assert.equal(safe("-rf.csv"), `_rf.${T}.csv`);
  assert.equal(safe("=cmd.csv"), `_cmd.${T}.csv`);
  assert.equal(safe("abc\u202egpj.csv"), `abc_gpj.${T}.csv`);
  assert.equal(safe('Zoë\'s "best" 🎓.csv'), `Zoë's "best" 🎓.${T}.csv`);
});

Deno.test("a path instead of a plain name is refused", () => {
  for (const name of ["", ".", "..", "../x.csv", "a/b", "/etc/passwd", "x\0.csv"]) {
    assert.throws(() => plainName(name), RangeError);
  }
  assert.equal(plainName("..x"), "..x");
});
