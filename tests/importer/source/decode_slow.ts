import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import type { RosterFile } from "../../../src/importer/inbox_port.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf, utf8 } from "../../support/memory_file.ts";
import { withRealFile } from "../../support/real_file.ts";

function utf16(text: string, littleEndian: boolean): Uint8Array {
  const view = new DataView(new ArrayBuffer(text.length * 2));
  for (let at = 0; at < text.length; at++) view.setUint16(at * 2, text.charCodeAt(at), littleEndian);
  return new Uint8Array(view.buffer);
}

Deno.test("files of more than 100 MB are read in each encoding, and the speed is printed", async () => {
  const ascii = rows(1_000_000, "Anne,12 Main Street,Ottawa,anne.tremblay@example.org");
  const french = rows(1_000_000, "Hélène,12 chemin Bélanger,Orléans,helene@example.org");
  const forms: Record<string, Uint8Array> = {
    "ASCII": utf8(ascii + ascii + ascii),
    "French, UTF-8": utf8(french + french),
    "French, UTF-16LE": utf16("\ufeff" + french, true),
    "French, windows-1252": Buffer.from(french + french, "latin1"),
    "Russian, UTF-8": utf8(rows(1_000_000, "Анна,Главная улица,Москва,Российская Федерация")),
  };
  for (const [form, bytes] of Object.entries(forms)) {
    await withRealFile(bytes, (file) => printSpeed(form, bytes.length, file));
  }
  await printSpeed("French, gz", utf8(french).length, fileOf(gzipSync(french)));
});

/** The rows are numbered so that their gz file is not mistaken for a zip bomb. */
function rows(count: number, rest: string): string {
  return Array.from({ length: count }, (_, row) => `${row * 7919 % 1_000_003},ldap,${rest}\n`).join("");
}

async function printSpeed(form: string, bytes: number, file: RosterFile): Promise<void> {
  const begin = performance.now();
  const { text } = await examinedText(file, "windows-1252");
  const middle = performance.now();
  for await (const chunk of text()) assert.ok(chunk.length > 0);
  const end = performance.now();
  const speed = (milliseconds: number) =>
    `${milliseconds.toFixed(0)} ms, ${(bytes / 1e3 / milliseconds).toFixed(0)} MB/s`;
  console.log(`${form}, ${bytes / 1e6} MB: examined in ${speed(middle - begin)}; decoded in ${speed(end - middle)}`);
}
