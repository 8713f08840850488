import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { RejectedFile } from "../../../src/domain/outcome.ts";
import { FALLBACK_ENCODINGS } from "../../../src/domain/setting_values.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { firstBytes } from "../../../src/importer/source/sniff_head.ts";
import { GZ_LIMITS } from "../../../src/importer/source/gunzip.ts";
import type { RosterFile } from "../../../src/importer/inbox_port.ts";
import { openSource } from "../../../src/importer/source/source.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf, utf8 } from "../../support/memory_file.ts";
import { withRealFile } from "../../support/real_file.ts";

const CHUNK_SIZES = [1, 2, 3, 7, 65_536];
const SINGLE_BYTE = FALLBACK_ENCODINGS.filter((name) => name !== "reject");

const join = (...parts: ArrayLike<number>[]) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), littleEndian);
  return new Uint8Array(view.buffer);
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) {
    assert.ok(chunk.length > 0);
    parts.push(chunk.slice());
  }
  return new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
}

async function decoded(
  file: RosterFile,
  fallbackEncoding: Settings["fallback_encoding"] = "windows-1252",
): Promise<Uint8Array> {
  const { text } = await examinedText(file, fallbackEncoding);
  return await collected(text());
}

const read = (file: RosterFile) => collected(unpacked(file));

async function* unpacked(file: RosterFile, limits = GZ_LIMITS): AsyncGenerator<Uint8Array> {
  yield* (await openSource(file, limits)).read();
}

Deno.test("every Unicode encoding is converted to UTF-8 without a byte order mark, in chunks of any size, gzipped or not", async () => {
  const text = 'unique_id;city\r\n1;"Montréal, 東京 😀"\r\n' + "2;😀😀😀\ufeff\n".repeat(50);
  const forms = [utf8(text), utf8("\ufeff" + text), utf16("\ufeff" + text, true), utf16("\ufeff" + text, false)];
  for (const bytes of forms) {
    for (const chunk of CHUNK_SIZES) {
      assert.deepEqual(await decoded(fileOf(bytes, { chunk })), utf8(text));
      assert.deepEqual(await decoded(fileOf(gzipSync(bytes), { chunk })), utf8(text));
    }
    assert.deepEqual(await withRealFile(bytes, decoded), utf8(text));
  }
});

Deno.test("every fallback encoding follows the Encoding Standard, and bytes without a character stay invalid", async () => {
  const bytes = join(utf8("a,b\n"), Array.from({ length: 255 }, (_, at) => at + 1), utf8("\n"));
  for (const encoding of SINGLE_BYTE) {
    const characters = Array.from(bytes, (byte) => new TextDecoder(encoding).decode(Uint8Array.of(byte)));
    const expected = join(...characters.map((character) => character === "\ufffd" ? [0xff] : utf8(character)));
    for (const chunk of CHUNK_SIZES) {
      assert.deepEqual(await decoded(fileOf(bytes, { chunk }), encoding), expected, `${encoding} by ${chunk}`);
    }
  }
  assert.equal(new TextDecoder().decode(await decoded(fileOf(join(utf8("a,"), [0x80, 0xe9])))), "a,€é");
});

Deno.test("invalid UTF-8 bytes pass through unchanged", async () => {
  const bytes = join(utf8("é,è\n"), [0xff, 0xc3], utf8("\nù\n"), [0xe2]);
  for (const chunk of CHUNK_SIZES) {
    assert.deepEqual(await decoded(fileOf(join(utf8("\ufeff"), bytes), { chunk })), bytes);
  }
});

Deno.test("a lone surrogate becomes one invalid byte in its place", async () => {
  for (const littleEndian of [true, false]) {
    const bytes = utf16("\ufeffa\ud83d,\ude00b😀\n\ud83d", littleEndian);
    const expected = join(utf8("a"), [0xff], utf8(","), [0xff], utf8("b😀\n"), [0xff]);
    for (const chunk of CHUNK_SIZES) assert.deepEqual(await decoded(fileOf(bytes, { chunk })), expected);
  }
});

Deno.test("any text decoded from UTF-16 equals the output of TextEncoder, except for lone surrogates", async () => {
  const anyText = fc.array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("\ud800", "\udc00", "é", "a,b\n")));
  await fc.assert(
    fc.asyncProperty(anyText, fc.boolean(), fc.integer({ min: 1, max: 9 }), async (parts, littleEndian, chunk) => {
      const text = "a" + parts.join("").replaceAll("\0", "");
      const expected = join(...Array.from(text, (character) => character.isWellFormed() ? utf8(character) : [0xff]));
      assert.deepEqual(await decoded(fileOf(utf16("\ufeff" + text, littleEndian), { chunk })), expected);
    }),
    { numRuns: 500 },
  );
});

async function rejectedAs(code: string, reading: Promise<unknown>): Promise<RejectedFile> {
  const error = await reading.then(() => null, (error) => error);
  assert.ok(error instanceof RejectedFile && error.reason.code === code, `${code}, but was: ${error}`);
  return error;
}

async function cutAt(file: RosterFile): Promise<number | null> {
  const error = await rejectedAs("cut_off", read(file));
  assert.ok(error.message.startsWith(`the gz file looks cut off at line ${error.reason.line}`));
  return error.reason.line;
}

Deno.test("gz is recognized by its content; all members form one file, and padding is ignored", async () => {
  const first = gzipSync("a,b\n1,"), second = gzipSync("2\n"), nothing = gzipSync("");
  for (const chunk of CHUNK_SIZES) {
    for (const name of ["x.csv", "x.CSV.GZ"]) {
      assert.deepEqual(await read(fileOf(first, { name, chunk })), utf8("a,b\n1,"));
      const members = join(first, nothing, second, new Uint8Array(700));
      assert.deepEqual(await read(fileOf(members, { name, chunk })), utf8("a,b\n1,2\n"));
    }
  }
});

Deno.test("a file named .gz that is not gz is rejected", async () => {
  await rejectedAs("gz_damaged", read(fileOf(utf8("a,b\n"), { name: "x.csv.Gz" })));
});

Deno.test("a gz that ends early, after any byte, is reported as cut off at the last line reached", async () => {
  const text = "a,b\r\n".repeat(30) + "c\rd\ne".repeat(30);
  // Stored without compression, so the file contains the bytes of the text unchanged, after 15 bytes of headers.
  const packed = gzipSync(utf8(text), { level: 0 });
  for (let end = 1; end < packed.length; end++) {
    const came = text.slice(0, Math.max(0, end - 15));
    const line = came.split(/\r\n|\r|\n/).length;
    assert.equal(
      await cutAt(fileOf(packed.subarray(0, end), { name: "x.csv.gz", chunk: 64 })),
      line,
      `after ${end} bytes`,
    );
  }
});

Deno.test("a second member that ends early is also reported as cut off", async () => {
  const first = gzipSync("a,b\n".repeat(50_000)), second = gzipSync("c,d\n");
  for (let end = 1; end < second.length; end++) {
    const line = await cutAt(fileOf(join(first, second.subarray(0, end))));
    assert.ok(line === 50_001 || line === 50_002, `line ${line} after ${end} bytes of the second`);
  }
});

Deno.test("the line of a cut in UTF-16 counts characters, not bytes", async () => {
  const packed = gzipSync(utf16("\ufeff\u0a0a\u0a0a\n\u0d0d\n" + "x".repeat(50), true), { level: 0 });
  assert.equal(await cutAt(fileOf(packed.subarray(0, -20))), 3);
});

Deno.test("a damaged gz is rejected as damaged", async () => {
  const packed = gzipSync("a,b\n1,2\n");
  const wrongSum = Uint8Array.from(packed);
  wrongSum[packed.length - 6] ^= 1;
  const wrongBody = Uint8Array.from(packed);
  wrongBody[10] ^= 0xff;
  for (const chunk of CHUNK_SIZES) {
    for (const bytes of [wrongSum, wrongBody, join(wrongSum, [0x0a]), join(packed, wrongSum)]) {
      const file = fileOf(bytes, { chunk });
      await rejectedAs("gz_damaged", read(file));
      assert.equal(file.open, 0);
    }
  }
});

Deno.test("line endings, end marks, blanks and NULs after a gz are ignored, and every byte is reported once", async () => {
  const packed = join(gzipSync("a,b\n"), gzipSync("1,2\n".repeat(20_000)));
  for (const tail of ["\n", "\r\n", "\x1a", "\0\n", "\n\0", " \r\n\x1a\0\0"]) {
    for (const chunk of CHUNK_SIZES) {
      const file = fileOf(join(packed, utf8(tail)), { name: "x.csv.gz", chunk });
      let seen = 0;
      const source = await openSource(file);
      const text = await collected(source.read((bytes) => seen += bytes.length));
      assert.deepEqual([text.length, seen, file.open], [80_004, packed.length + tail.length, 0], JSON.stringify(tail));
    }
  }
});

Deno.test("other bytes after a whole gz are quoted in the reason", async () => {
  const packed = gzipSync("a,b\n1,2\n");
  for (const chunk of CHUNK_SIZES) {
    for (const [tail, text] of [["behind", "6 bytes follow"], ["<", "1 byte follows"], ["\0\0x", "3 bytes follow"]]) {
      const file = fileOf(join(packed, utf8(tail)), { chunk });
      const { message } = await rejectedAs("gz_trailing", read(file));
      assert.ok(message.startsWith(`${text} the end of the gz data, beginning with "`), message);
      assert.equal(file.open, 0);
    }
  }
});

Deno.test("a zip bomb is rejected early, but 10 MiB of equal lines are accepted", async () => {
  const line = "1,ldap,Ottawa\n";
  const bomb = gzipSync(line.repeat(40 * 1024 ** 2 / line.length));
  assert.ok(bomb.length < 40 * 1024 ** 2 / 100);
  let unpackedBytes = 0;
  const bombed = (async () => {
    for await (const chunk of unpacked(fileOf(bomb))) unpackedBytes += chunk.length;
  })();
  await rejectedAs("gz_ratio", bombed);
  assert.ok(unpackedBytes <= Math.max(10 * 1024 ** 2, bomb.length * 100));

  const short = gzipSync(line.repeat(9 * 1024 ** 2 / line.length));
  assert.equal((await read(fileOf(short))).length, line.length * Math.floor(9 * 1024 ** 2 / line.length));
});

Deno.test("a gz is rejected above the limit in bytes, but not at the limit", async () => {
  const limits = { ratio: 100, anyRatioUpTo: 1_000, bytes: 500 };
  const unpackedTo = (bytes: number) => collected(unpacked(fileOf(gzipSync("x".repeat(bytes))), limits));
  await rejectedAs("gz_too_long", unpackedTo(501));
  assert.equal((await unpackedTo(500)).length, 500);
});

Deno.test("a consumer that stops early leaves no open reader", async () => {
  for (const bytes of [utf8("a,b\n".repeat(1_000)), gzipSync(crypto.getRandomValues(new Uint8Array(4_000)))]) {
    const file = fileOf(bytes, { chunk: 100 });
    assert.equal((await firstBytes(unpacked(file), 10)).length, 10);
    assert.equal(file.open, 0);
  }
});

Deno.test("a consumer that stops reading the text early leaves no open reader", async () => {
  const text = "\ufeff" + "a,b\n".repeat(1_000);
  for (const bytes of [utf8(text), utf16(text, true), gzipSync(utf8(text))]) {
    const file = fileOf(bytes, { chunk: 100 });
    const examined = await examinedText(file, "reject");
    assert.deepEqual(await firstBytes(examined.text(), 4), utf8("a,b\n"));
    assert.equal(file.open, 0);
  }
});
