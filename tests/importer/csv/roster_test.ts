import assert from "node:assert/strict";
import fc from "fast-check";
import { RejectedFile } from "../../../src/domain/outcome.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import type { Settings } from "../../../src/domain/settings.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import { fileOf, recordsOf, type SeenRecord, utf8 } from "../../support/memory_file.ts";

const CHUNK_SIZES = [1, 2, 3, 5, 7, 64, 65_536];

interface Opened {
  delimiter: string;
  names: readonly string[];
  records: SeenRecord[];
}

/** Opens and reads a roster in chunks of every size. The size must make no difference. */
async function open(text: string | Uint8Array, settings: Partial<Settings> = {}): Promise<Opened> {
  const opened = await Promise.all(CHUNK_SIZES.map(async (chunk) => {
    const file = fileOf(text, { chunk });
    const { delimiter, header, records } = await openRoster(() => file.read(), parseSettings(settings), false);
    const result = { delimiter, names: header.names, records: await recordsOf(records()) };
    assert.equal(file.open, 0);
    return result;
  }));
  for (const other of opened) assert.deepEqual(other, opened[0]);
  return opened[0];
}

async function rejection(text: string | Uint8Array): Promise<RejectedFile["reason"]> {
  const reasons = await Promise.all(CHUNK_SIZES.map(async (chunk) => {
    const file = fileOf(text, { chunk });
    const error = await openRoster(() => file.read(), parseSettings({}), true).then(() => null, (error) => error);
    assert.ok(error instanceof RejectedFile, `rejected, but was: ${error}`);
    assert.equal(file.open, 0);
    return error.reason;
  }));
  for (const other of reasons) assert.deepEqual(other, reasons[0]);
  return reasons[0];
}

const delimiterOf = async (text: string, settings: Partial<Settings> = {}) => (await open(text, settings)).delimiter;

Deno.test("the delimiter is the one that gives the most known columns", async () => {
  assert.equal(await delimiterOf("unique_id,login_source\n1,2\n"), ",");
  assert.equal(await delimiterOf("unique_id;login_source\n1;2\n"), ";");
  assert.equal(await delimiterOf("unique_id\tlogin_source\n1\t2\n"), "\t");
  assert.equal(await delimiterOf("unique_id;login_source;a,b,c,d,e\n1;2;3\n"), ";");
  assert.equal(await delimiterOf('"x;y;z;w",unique_id,login_source\n'), ",");
});

Deno.test("if delimiters give equally many known columns, the one with more columns wins, then the comma", async () => {
  const ids = ["a", "a;b"].map((name) => [name, "unique_id"]),
    sources = ["d", "c;d", "b,c", "c"].map((name) => [name, "login_source"]);
  const header_aliases = Object.fromEntries([...ids, ...sources]);
  assert.equal(await delimiterOf("a;b,c;d\n", { header_aliases }), ";");
  assert.equal(await delimiterOf("a;b,c\n", { header_aliases }), ",");
});

Deno.test("an alias in the settings counts as a known name", async () => {
  const header_aliases = { "Kennung": "unique_id", "Quelle": "login_source" };
  assert.equal(await delimiterOf("Kennung;Quelle;a,b,c,d\n", { header_aliases }), ";");
});

Deno.test("a first line such as sep=; sets the delimiter, even if the header suggests another one, and counts as a line", async () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const { delimiter, records } = await open(`sep=;${end}unique_id;login_source;a,b,c${end}1;2;3${end}`);
    assert.deepEqual([delimiter, records], [";", [{ line: 3, values: ["1", "2", "3"] }]]);
  }
  assert.equal(await delimiterOf("SEP=\t\nunique_id\tlogin_source\n"), "\t");
  assert.deepEqual((await open("sep=|\nunique_id|login_source\n1|a,b\n")).records, [{ line: 3, values: ["1", "a,b"] }]);
  assert.match((await rejection("sep=;\nunique_id,login_source\n")).text, /only one column/);
  assert.equal((await open('\ufeff\ufeff"sep=;",,\r\nunique_id;login_source\n1;a,b\n')).delimiter, ";");
});

Deno.test("a line that only resembles sep= is a title line", async () => {
  for (const line of ["sep=é", "sep=;;", "sep=", "sep=a", " sep=;", "sep= "]) {
    const { delimiter, records } = await open(`${line}\nunique_id;login_source\n1;2\n`);
    assert.deepEqual([delimiter, records], [";", [{ line: 3, values: ["1", "2"] }]], line);
    assert.match((await rejection(`${line}\nid;login_source\n`)).text, /Headers found: .*sep=/i, line);
  }
  assert.match((await rejection('sep="\n')).text, /value 1 has a quote inside/);
  assert.match((await rejection("sep=;")).text, /Headers found: "sep=", ""/);
});

Deno.test("the header is the first of the 20 lines after the first one that names unique_id and another column", async () => {
  const titles = (count: number) =>
    Array.from({ length: count }, (_, at) => `Title ${at + 1}, "of the" unique_id\n`).join("");
  for (const [delimiter, count] of [[",", 1], [";", 20], ["\t", 3], ["|", 7]] as const) {
    const header = ["unique_id", "login_source", "x"].join(delimiter), record = ["1", "2", "3"].join(delimiter);
    const { delimiter: found, records } = await open(`\n${titles(count)}${header}\n${record}\n`);
    assert.deepEqual([found, records], [delimiter, [{ line: count + 3, values: ["1", "2", "3"] }]]);
  }
  assert.match((await rejection(titles(21) + "unique_id,login_source\n1,2\n")).text, /the header cannot be/);
  const { header } = await openRoster(
    () => fileOf("Roster\n\nunique_id,login_source\n").read(),
    parseSettings({}),
    false,
  );
  assert.deepEqual(header.warnings, [{
    code: "title_lines",
    text: 'the header is on line 3, and the line above it was skipped: "Roster"',
  }]);
});

Deno.test("a repeated header is skipped in any spelling; a different header rejects the file, with its line", async () => {
  const header = "unique_id,login_source,city\n";
  const { records } = await open(header + `1,2,3\n${header}\ufeff${header}"Unique ID",LOGIN-SOURCE, city\n4,5,6\n`);
  assert.deepEqual(records, [{ line: 2, values: ["1", "2", "3"] }, { line: 6, values: ["4", "5", "6"] }]);
  const file = fileOf(header + "1,2,3\ncity,unique_id,login_source\n");
  const reading = openRoster(() => file.read(), parseSettings({}), false).then(({ records }) => recordsOf(records()));
  await assert.rejects(reading, {
    message: "the header on line 3 has different columns from the one on line 1: upload the rosters separately",
  });
  assert.equal(file.open, 0);
});

Deno.test("blank lines before the header are skipped, and later line numbers are correct", async () => {
  const { delimiter, names, records } = await open("\n \r\n;;\n\nunique_id;login_source\n\n1;2\n");
  assert.deepEqual([delimiter, names, records], [";", ["unique_id", "login_source"], [{
    line: 7,
    values: ["1", "2"],
  }]]);
  const sep = await open("sep=;\r\n\r\nunique_id;login_source\r\n1;2\r\n");
  assert.deepEqual(sep.records, [{ line: 4, values: ["1", "2"] }]);
});

Deno.test("a header may be quoted and may span lines", async () => {
  const { delimiter, names, records } = await open('"unique_id";"Login\nSource";"a,b,c"\n1;2;3\n4;5\n');
  assert.deepEqual([delimiter, names], [";", ["unique_id", "Login\nSource", "a,b,c"]]);
  assert.deepEqual(records, [
    { line: 3, values: ["1", "2", "3"] },
    { line: 4, why: { kind: "too_few_values", expected: 3, found: 2 }, raw: "4;5" },
  ]);
});

Deno.test("a header alone is a roster without records, with or without a line ending", async () => {
  assert.deepEqual((await open("unique_id,login_source")).records, []);
  assert.deepEqual((await open("unique_id,login_source\r\n\r\n")).records, []);
});

Deno.test("a file with only blank lines is rejected as empty", async () => {
  for (const text of ["", "\n\n", " \t\r\n", "sep=;\n"]) {
    assert.equal((await rejection(text)).code, "empty", text);
  }
});

Deno.test("an unusable header rejects the file, and the reason names its line and content", async () => {
  assert.deepEqual(await rejection('\nunique_id,"login_source\n1,2\n'), {
    code: "header",
    text: "the header cannot be read: value 2 begins with a quote that is not closed: " +
      "add the closing quote, or remove the opening one",
    line: 2,
  });
  assert.match((await rejection("unique_id\n1\n")).text, /only one column.*Headers found: "unique_id"/);
  assert.match(
    (await rejection("unique_id,city\n")).text,
    /column login_source is missing.*Headers found: "unique_id", "city"/,
  );
  assert.match(
    (await rejection("unique_id,login_source,\u0001\n")).text,
    /cannot be read: value 3 has an invisible control character/,
  );
  const invalid = Uint8Array.from([...utf8("unique_id,login_source,"), 0xe9, 0x0a]);
  assert.match((await rejection(invalid)).text, /cannot be read: the record has characters in the wrong encoding/);
});

Deno.test("1,000 columns are read; one more is reported as too many, whatever the delimiter", async () => {
  for (const delimiter of [",", ";", "\t", "|"]) {
    const names = (count: number) =>
      ["unique_id", "login_source", ...Array(count - 2).fill("x")].join(delimiter) + "\n";
    assert.equal((await open(names(1_000))).names.length, 1_000);
    assert.match((await rejection(names(1_001))).text, /it has 1,001 columns, but at most 1,000 are allowed/);
  }
  assert.match((await rejection("x,".repeat(9_999) + "x\n")).text, /it has 10,000 columns/);
});

Deno.test("a header that never ends is rejected without reading the rest", async () => {
  let sent = 0;
  async function* endless() {
    for (;; sent += 65_536) yield await Promise.resolve(new Uint8Array(65_536).fill(0x78));
  }
  await assert.rejects(openRoster(endless, parseSettings({}), false), {
    name: "RejectedFile",
    message: /longer than 1 MiB/,
  });
  assert.ok(sent < 6 * 2 ** 20, `${sent} bytes`);
});

Deno.test("a file that looks cut off is rejected when its end is reached, and the reader is closed", async () => {
  const file = fileOf("unique_id,login_source\n1,ldap\n2");
  const opening = openRoster(() => file.read(), parseSettings({}), false).then(({ records }) => recordsOf(records()));
  await assert.rejects(opening, {
    name: "RejectedFile",
    message: "the file looks cut off at line 3: upload the whole file again",
  });
  assert.equal(file.open, 0);
});

Deno.test("a consumer that stops at any batch leaves no open reader", async () => {
  const file = fileOf("unique_id,login_source\n" + "1,ldap\n".repeat(400_000), { chunk: 262_144 });
  for (const stopAfter of [1, 2, 3]) {
    const { records } = await openRoster(() => file.read(), parseSettings({}), false);
    let batches = 0;
    for await (const _ of records()) if (++batches === stopAfter) break;
    assert.deepEqual([batches, file.open], [stopAfter, 0]);
  }
});

Deno.test("a header that is rejected leaves no open reader, however long the file is", async () => {
  const file = fileOf("unique_id;city\n" + "1;2\n".repeat(1_000_000));
  await assert.rejects(openRoster(() => file.read(), parseSettings({}), false), { name: "RejectedFile" });
  assert.equal(file.open, 0);
});

Deno.test("whatever the header, every chunk size gives the same roster or the same rejection", async () => {
  const piece = fc.constantFrom(
    ...[
      "unique_id",
      "login_source",
      "city",
      "sep=;",
      "sep=",
      "x",
      '"',
      '"city"',
      ",",
      ",",
      ";",
      ";",
      "\t",
      "\n",
      "\r\n",
      "\r",
      " ",
      "é",
    ],
  );
  const text = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join("") + "\n1,2;3\n");
  const outcome = async (text: string, chunk: number) => {
    const file = fileOf(text, { chunk });
    const result = await openRoster(() => file.read(), parseSettings({}), false)
      .then(async ({ delimiter, header, records }) => ({
        delimiter,
        names: header.names,
        records: await recordsOf(records()),
      }))
      .catch((error) => (assert.ok(error instanceof RejectedFile, error), error.reason));
    assert.equal(file.open, 0);
    return result;
  };
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (text, chunk) => {
      assert.deepEqual(await outcome(text, chunk), await outcome(text, 65_536));
    }),
    { numRuns: 500 },
  );
});
