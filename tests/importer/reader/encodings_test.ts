/**
 * One roster in every encoding, with every delimiter and line ending, plain and gz, yields the same records on the same
 * lines.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { FALLBACK_ENCODINGS } from "../../../src/domain/setting_values.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { examinedText } from "../../support/examined_text.ts";
import { fileOf, recordsOf, type SeenRecord } from "../../support/memory_file.ts";

interface Writing {
  name: string;
  /** The name of the encoding, as reported by sniffing. */
  encoding: string;
  fallback: Settings["fallback_encoding"];
  /** Non-ASCII characters: all those in the encoding, or some of each length. */
  characters: string[];
  encode(text: string): Uint8Array;
}

const UNICODE_CHARACTERS = [..."éÀß\u00a0\u00ad\u0142\u05d0\u200f漢\u2028\ufeff\ufffd😀\u{10ffff}"];

const utf16le = (text: string) => Uint8Array.from(Buffer.from("\ufeff" + text, "utf16le"));

const UNICODE: Writing[] = [
  { name: "utf-8", encoding: "utf-8", encode: (text: string) => new TextEncoder().encode(text) },
  { name: "utf-8 with BOM", encoding: "utf-8", encode: (text: string) => new TextEncoder().encode("\ufeff" + text) },
  { name: "utf-16le with BOM", encoding: "utf-16le", encode: utf16le },
  { name: "utf-16be with BOM", encoding: "utf-16be", encode: (text: string) => Buffer.from(utf16le(text)).swap16() },
].map((writing) => ({ ...writing, fallback: "reject", characters: UNICODE_CHARACTERS }));

const SINGLE_BYTE: Writing[] = FALLBACK_ENCODINGS.filter((name) => name !== "reject").map((name) => {
  const decoder = new TextDecoder(name);
  const byteOf = new Map<string, number>();
  for (let byte = 0; byte < 256; byte++) byteOf.set(decoder.decode(Uint8Array.of(byte)), byte);
  byteOf.delete("\ufffd");
  const characters = [...byteOf.keys()].filter((character) => character > "\x7f" && !/\p{Cc}/u.test(character));
  const encode = (text: string) => Uint8Array.from(text, (character) => byteOf.get(character)!);
  return { name, encoding: name, fallback: name, characters, encode };
});

const DELIMITERS = [",", ";", "\t"];
const LINE_ENDS: Record<string, string[]> = { LF: ["\n"], CRLF: ["\r\n"], CR: ["\r"], mixed: ["\n", "\r\n", "\r"] };
const HEADER = ["unique_id", "login_source", "first_name", "street"];

/** The records of the roster. The line numbers count line endings within quotes and one blank line. */
function rosterOf(characters: readonly string[]): { line: number; values: string[] }[] {
  const records: { line: number; values: string[] }[] = [];
  const within = ["1 A, B; C\tD\nE", '"2"\r\nF', "3\rG", '4\n\r\n\rH"'], lines = [1, 1, 1, 3];
  let line = 3;
  // Between ASCII letters, no two bytes can look like a UTF-8 sequence.
  for (let at = 0; at < characters.length; at += 4) {
    const name = characters.slice(at, at + 4).map((character) => `x${character}y`).join("");
    const record = records.length;
    records.push({ line, values: [`00${record}`, "ldap", name, within[record % 4]] });
    line += 1 + lines[record % 4];
  }
  return records;
}

function written(records: readonly { values: string[] }[], delimiter: string, ends: readonly string[]): string {
  const lines = [HEADER.join(delimiter), ""];
  for (const { values: [id, source, name, street] } of records) {
    lines.push([id, ` ${source}\u0020`, name, `"${street.replaceAll('"', '""')}"`].join(delimiter));
  }
  return lines.map((line, at) => line + ends[at % ends.length]).join("");
}

async function readWhole(bytes: Uint8Array, { fallback }: Writing, chunk: number) {
  const file = fileOf(bytes, { chunk });
  const settings = parseSettings({ fallback_encoding: fallback });
  const examined = await examinedText(file, fallback);
  const { delimiter, header, records } = await openRoster(examined.text, settings, examined.invalidBytes);
  const seen: SeenRecord[] = await recordsOf(records());
  return { encoding: examined.encoding, delimiter, names: header.names, records: seen };
}

for (const writing of [...UNICODE, ...SINGLE_BYTE]) {
  const { name, encoding, characters } = writing;
  const title = `a roster in ${name} is the same with every delimiter and line ending, plain and gz`;
  Deno.test(`${title} (${characters.length} characters beyond ASCII)`, async () => {
    const records = rosterOf(characters);
    assert.ok(characters.length > 0);
    for (const delimiter of DELIMITERS) {
      for (const [ends, cycle] of Object.entries(LINE_ENDS)) {
        const plain = writing.encode(written(records, delimiter, cycle));
        const expected = { encoding, delimiter, names: HEADER, records };
        for (const chunk of [5, 65_536]) {
          assert.deepEqual(await readWhole(plain, writing, chunk), expected, `${ends}, chunks of ${chunk}`);
          assert.deepEqual(await readWhole(gzipSync(plain), writing, chunk), expected, `${ends}, gz in ${chunk}`);
        }
      }
    }
  });
}
