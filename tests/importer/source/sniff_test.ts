import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { RejectedFile } from "../../../src/domain/outcome.ts";
import { FALLBACK_ENCODINGS } from "../../../src/domain/setting_values.ts";
import { sniff as examineSource, type Sniffed, type SniffOptions } from "../../../src/importer/source/sniff.ts";
import { Utf8Survey } from "../../../src/importer/source/survey_utf8.ts";
import type { RosterFile } from "../../../src/importer/inbox_port.ts";
import { openSource } from "../../../src/importer/source/source.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf, utf8 } from "../../support/memory_file.ts";

const DEFAULTS: SniffOptions = { fallbackEncoding: "windows-1252" };
const HEADER = "unique_id,login_source,city\n";
const CHUNK_SIZES = [1, 2, 3, 7, 65_536];

const join = (...parts: ArrayLike<number>[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), littleEndian);
  return new Uint8Array(view.buffer);
}

async function examine(file: RosterFile, options: SniffOptions): Promise<Sniffed> {
  return await examineSource(await openSource(file), options);
}

async function textOf(file: RosterFile): Promise<string> {
  const { text } = await examinedText(file, DEFAULTS.fallbackEncoding);
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(
    Buffer.concat(await Array.fromAsync(text(), (chunk) => chunk.slice())),
  );
}

async function verdict(file: RosterFile, options = DEFAULTS): Promise<{ code: string; line: number | null }> {
  const error = await examine(file, options).then(() => null, (error) => error);
  assert.ok(error instanceof RejectedFile, `rejected, but was: ${error}`);
  return { code: error.reason.code, line: error.reason.line };
}

Deno.test("hash and size are those of the text, gzipped or not", async () => {
  const text = utf8(HEADER + "1,ldap,Ottawa\n");
  const packed = gzipSync(text);
  for (const chunk of CHUNK_SIZES) {
    const plain = await examine(fileOf(text, { chunk }), DEFAULTS);
    const gz = await examine(fileOf(packed, { chunk }), DEFAULTS);
    assert.deepEqual(plain, {
      sha256: sha256(text),
      unpackedBytes: text.length,
      encoding: "utf-8",
      invalidBytes: false,
      hasUtf8: false,
    });
    assert.deepEqual(gz, plain);
  }
});

Deno.test("a byte order mark decides the encoding, even if the bytes after it suggest another", async () => {
  const text = HEADER + "1,ldap,Orléans 😀";
  for (const chunk of CHUNK_SIZES) {
    const look = async (bytes: Uint8Array) => {
      const { encoding, invalidBytes } = await examine(fileOf(bytes, { chunk }), DEFAULTS);
      return [encoding, invalidBytes];
    };
    assert.deepEqual(await look(utf8("\ufeff" + text)), ["utf-8", false]);
    assert.deepEqual(await look(utf16("\ufeff" + text, true)), ["utf-16le", false]);
    assert.deepEqual(await look(utf16("\ufeff" + text, false)), ["utf-16be", false]);
    assert.deepEqual(await look(utf16("\ufeffa\ud800b", false)), ["utf-16be", true]);
    assert.deepEqual(await look(utf16("\ufeffa\ud800", true)), ["utf-16le", true]);
    assert.deepEqual(await look(join(utf8("\ufeffa,b\n"), [0xe9, 0xe9])), ["utf-8", true]);
  }
});

Deno.test("the fallback encoding is used when invalid bytes outnumber valid sequences over the whole file", async () => {
  const far = HEADER + "1,ldap,Ottawa\n".repeat(20_000);
  const look = async (...parts: ArrayLike<number>[]) => {
    const { encoding, invalidBytes } = await examine(fileOf(join(utf8(far), ...parts)), DEFAULTS);
    return [encoding, invalidBytes];
  };
  assert.deepEqual(await look([0xe9, 0x0a]), ["windows-1252", false]);
  assert.deepEqual(await look([0xe9, 0x0a], utf8("é")), ["utf-8", true]);
  assert.deepEqual(await look([0xe9, 0xe8, 0x0a], utf8("é")), ["windows-1252", true]);
  assert.deepEqual(await look(utf8("é")), ["utf-8", false]);
  assert.deepEqual(await look(utf8("é"), [0xe2, 0x82]), ["windows-1252", true]);
});

Deno.test("every fallback encoding can be read, and sniffing reports whether some of its bytes have no character", async () => {
  const file = fileOf(join(utf8(HEADER), [0xe9]));
  for (const fallbackEncoding of FALLBACK_ENCODINGS.filter((name) => name !== "reject")) {
    assert.equal((await examine(file, { fallbackEncoding })).encoding, fallbackEncoding);
  }
  assert.equal((await examine(file, { fallbackEncoding: "iso-8859-15" })).invalidBytes, false);
  assert.equal((await examine(file, { fallbackEncoding: "windows-1253" })).invalidBytes, true);
});

Deno.test("the fallback 'reject' rejects exactly the files that are not Unicode", async () => {
  const options: SniffOptions = { fallbackEncoding: "reject" };
  assert.deepEqual(await verdict(fileOf(Uint8Array.of(0x61, 0xe9)), options), {
    code: "encoding_rejected",
    line: null,
  });
  assert.equal((await examine(fileOf("é"), options)).encoding, "utf-8");
});

Deno.test("a file without characters is empty, even if it is gzipped or has a byte order mark", async () => {
  for (const bytes of [utf8(""), utf8("\ufeff"), utf16("\ufeff", true), utf16("\ufeff", false), gzipSync("")]) {
    assert.deepEqual(await verdict(fileOf(bytes)), { code: "empty", line: null });
  }
  assert.equal((await verdict(fileOf("", { name: "x.csv.gz" }))).code, "empty");
});

Deno.test("other kinds of files are rejected with the name of their format, whether gzipped or not", async () => {
  const zip = (entry: string) => join([0x50, 0x4b, 3, 4], new Uint8Array(26), utf8(entry));
  const files: [string, Uint8Array][] = [
    ["excel_workbook", join([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1], new Uint8Array(600))],
    ["excel_workbook", zip("[Content_Types].xml")],
    ["excel_workbook", zip("xl/worksheets/sheet1.xml")],
    ["open_document", zip("mimetypeapplication/vnd.oasis.opendocument.spreadsheet")],
    ["zip", zip("roster.csv")],
    ["zip", join([0x50, 0x4b, 5, 6], new Uint8Array(18))],
    ["pdf", utf8("%PDF-1.7\n%")],
    ["html", utf8("<!DOCTYPE html>\n<html>")],
    ["html", utf8("\ufeff \r\n\t<HTML lang=en>")],
    ["html", utf8('<?xml version="1.0"?>\n<!-- error -->\n<!doctype HTML PUBLIC "">')],
    ["html", utf16("\ufeff<html>", true)],
    ["html", utf8("<table><tr><td>unique_id</td></tr></table>\n")],
    ["html", utf8("<br />\n<b>Warning</b>: x on line 1<br />\nunique_id;login_source\np1;SSO\n")],
    ["html", utf8('<div class="error">Session expired</div>\n')],
    ["html", utf8("\n\n<script>location='/login'</script>")],
    ["html", utf8("</td></tr>")],
    ["xml", utf8('<?xml version="1.0"?><Workbook>')],
    ["xml", utf8('<soap:Envelope xmlns:soap="x"><soap:Fault/>')],
    ["xml", utf8('<svg xmlns="http://www.w3.org/2000/svg">')],
    ["xml", utf8("\ufeff<Error><Code>AccessDenied</Code></Error>")],
    ["program", utf8("<?php echo 'unique_id,login_source';")],
    ["json", utf8('{"type":"about:blank","title":"Unauthorized","status":401}')],
    ["json", utf8('\r\n[\n  {"unique_id": "1"}\n]')],
    ["json", utf8('[["unique_id","login_source"],["1","SSO"]]')],
    ["json", utf8('{"unique_id":"1"}\n{"unique_id":"2"}\n')],
    ["json", utf8("[]")],
    ["rtf", utf8("{\\rtf1\\ansi unique_id}")],
    ["utf32", join([0xff, 0xfe, 0, 0], [0x61, 0, 0, 0])],
    ["utf32", join([0, 0, 0xfe, 0xff], [0, 0, 0, 0x61])],
    ["gz_twice", gzipSync("a,b")],
    ["utf16_without_bom", utf16(HEADER, true)],
    ["utf16_without_bom", utf16(HEADER, false)],
  ];
  for (const [code, bytes] of files) {
    for (const chunk of CHUNK_SIZES) {
      if (code !== "gz_twice") assert.equal((await verdict(fileOf(bytes, { chunk }))).code, code);
      assert.equal((await verdict(fileOf(gzipSync(bytes), { chunk }))).code, code);
    }
  }
});

Deno.test("the reason for a rejection tells the clerk what to do", async () => {
  await assert.rejects(
    examine(fileOf(join([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1])), DEFAULTS),
    { name: "RejectedFile", message: "this is an Excel workbook: save it as CSV" },
  );
});

Deno.test("a file full of NULs is rejected; a few NULs fail only their records", async () => {
  const text = HEADER + "1,ldap,Ottawa\r\n".repeat(10_000) + "2,ldap,\0\n3\n";
  const full = HEADER + "1,\0\0\0\0ldap,\0\0\n".repeat(100) + "x\n";
  for (const chunk of [7, 65_536]) {
    for (const bytes of [utf8(text), utf8("\ufeff" + text), gzipSync(utf8(text)), utf16("\ufeff" + text, false)]) {
      const decoded = await textOf(fileOf(bytes, { chunk }));
      assert.equal(decoded.length, text.length);
      assert.ok(decoded.endsWith("\0\n3\n"));
    }
    for (const bytes of [utf8(full), utf16("\ufeff" + full, true), new Uint8Array(5_000)]) {
      const file = fileOf(bytes, { chunk });
      assert.deepEqual(await verdict(file), { code: "nul_bytes", line: null });
      assert.equal(file.open, 0);
    }
  }
});

Deno.test("the text ends before a DOS end mark, NULs that fill a block, and the blanks among them", async () => {
  const text = HEADER + "1,ldap,Ottawa";
  for (const end of ["", "\r\n"]) {
    for (const tail of ["\x1a", "\x1a\r\n", "\0".repeat(500), "\x1a\0\0\0", "\0\r\n \x1a\n"]) {
      const whole = text + end + tail;
      const files = [utf8(whole), utf8("\ufeff" + whole), gzipSync(utf8(whole))];
      for (const bytes of [...files, utf16("\ufeff" + whole, true), utf16("\ufeff" + whole, false)]) {
        for (const chunk of [1, 7, 65_536]) {
          assert.equal(await textOf(fileOf(bytes, { chunk })), text + end, JSON.stringify(tail));
        }
      }
    }
  }
  assert.deepEqual(await verdict(fileOf("\x1a\r\n")), { code: "empty", line: null });
  assert.equal((await verdict(fileOf(HEADER + "\0".repeat(70_000)))).code, "cut_off");
});

Deno.test("a single extra byte after the end of UTF-16 text does not make the file look cut off", async () => {
  const text = "\ufeffa,b\n1,2\n";
  for (const byte of [0x0a, 0x0d, 0x1a]) {
    for (const littleEndian of [true, false]) {
      assert.equal(await textOf(fileOf(join(utf16(text, littleEndian), [byte]))), text.slice(1));
    }
  }
  assert.equal((await verdict(fileOf(join(utf16(text, false), [0])))).code, "cut_off");
});

Deno.test("in UTF-16, a character with a zero byte is not a NUL", async () => {
  for (const littleEndian of [true, false]) {
    const text = "\ufeffĀ\u0100a\u0100";
    for (const chunk of CHUNK_SIZES) {
      const { unpackedBytes } = await examine(fileOf(utf16(text, littleEndian), { chunk }), DEFAULTS);
      assert.equal(unpackedBytes, text.length * 2);
    }
  }
});

Deno.test("UTF-16 that ends in the middle of a character looks cut off at the last line", async () => {
  const bytes = utf16("\ufeffa,b\r\nc,d\re,f\n1", true);
  for (const chunk of CHUNK_SIZES) {
    assert.deepEqual(await verdict(fileOf(join(bytes, [0x32]), { chunk })), { code: "cut_off", line: 4 });
  }
});

Deno.test("progress counts the bytes on disk, and an abort stops the sniffing", async () => {
  const seen: number[] = [];
  const file = fileOf("a,b\n".repeat(10), { chunk: 16 });
  await examine(file, { ...DEFAULTS, onProgress: (bytes) => seen.push(bytes) });
  assert.deepEqual(seen, [16, 32, 40]);

  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  await assert.rejects(examine(file, { ...DEFAULTS, signal: stop.signal, onProgress }), { message: "enough" });
  assert.equal(file.open, 0);
});

Deno.test("valid sequences and invalid bytes are counted as a strict decoder sees them, in chunks of any size", () => {
  // The bytes are near the limits of the UTF-8 rules, so most sequences are almost valid.
  const byte = fc.oneof(
    fc.constantFrom(0x61, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed),
    fc.constantFrom(0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff),
    fc.integer({ min: 1, max: 255 }),
  );
  const piece = fc.oneof(
    fc.array(byte, { maxLength: 6 }),
    fc.string({ unit: "binary", maxLength: 3 }).map((text) => Array.from(utf8(text.replaceAll("\0", "")))),
    fc.constantFrom(Array.from(utf8("ascii, long enough for words"))),
  );
  fc.assert(
    fc.property(
      fc.array(piece),
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 0, max: 3 }),
      (pieces, size, shift) => {
        const bytes = join(new Uint8Array(shift), ...pieces).subarray(shift);
        const survey = new Utf8Survey();
        for (let at = 0; at < bytes.length; at += size) survey.add(bytes.subarray(at, at + size));
        survey.end();
        const { validSequences, invalidBytes, nuls } = survey;
        assert.deepEqual({ validSequences, invalidBytes, nuls }, { ...countedSlowly(bytes), nuls: 0 });
        assert.equal(invalidBytes === 0, decodes(bytes));
      },
    ),
    { numRuns: 3_000 },
  );
});

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function countedSlowly(bytes: Uint8Array): { validSequences: number; invalidBytes: number } {
  const counts = { validSequences: 0, invalidBytes: 0 };
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((length) =>
      at + length <= bytes.length && decodes(bytes.subarray(at, at + length))
    );
    if (length === undefined) counts.invalidBytes++;
    else if (length > 1) counts.validSequences++;
    at += length ?? 1;
  }
  return counts;
}

Deno.test("a NUL is counted at every position in a word and at every address", () => {
  for (let shift = 0; shift < 4; shift++) {
    for (let place = 0; place < 24; place++) {
      const bytes = new Uint8Array(32 + shift).fill(0x61).subarray(shift);
      bytes[place] = 0;
      bytes[30] = 0;
      const survey = new Utf8Survey();
      survey.add(bytes.subarray(0, 5));
      survey.add(bytes.subarray(5));
      assert.deepEqual([survey.nuls, survey.textEnd], [2, 32]);
    }
  }
});
