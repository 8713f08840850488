/** Reads the samples of csv-spectrum: difficult CSV files, each with the records expected from it. */
import assert from "node:assert/strict";
import { readRecords } from "../../../src/importer/csv/csv.ts";
import { chunksOf, recordsOf } from "../../support/memory_file.ts";

/**
 * The samples are read from the package's folder. The package itself pairs files by their order in the folder listing.
 */
const FOLDER = new URL(".", import.meta.resolve("csv-spectrum"));

/**
 * This sample has quotes within plain values, which rosterd's rules call stray. The sample's JSON also has a different
 * phone number.
 */
const NOT_BY_THE_CONTRACT = "location_coordinates";

async function read(name: string, chunk: number) {
  const csv = await Deno.readFile(new URL(`csvs/${name}.csv`, FOLDER));
  return await recordsOf(readRecords(chunksOf(csv, chunk), { delimiter: 0x2c, line: 1, validate: true }));
}

Deno.test("the reader returns the expected JSON of every csv-spectrum sample", async () => {
  const files = await Array.fromAsync(Deno.readDir(new URL("csvs", FOLDER)));
  const names = files.map(({ name }) => name.replace(/\.csv$/, ""));
  assert.equal(names.length, 12);
  for (const name of names.filter((name) => name !== NOT_BY_THE_CONTRACT)) {
    const json = await Deno.readTextFile(new URL(`json/${name}.json`, FOLDER));
    for (const chunk of [1, 65_536]) {
      const [header, ...records] = (await read(name, chunk)).map((seen) => "values" in seen ? seen.values : seen);
      assert.ok(Array.isArray(header), name);
      const objects = records.map((values) =>
        Array.isArray(values) ? Object.fromEntries(header.map((key, at) => [key, values[at]])) : values
      );
      assert.deepEqual(objects, JSON.parse(json), name);
    }
  }
  console.log(`read ${names.length - 1} samples of csv-spectrum as their JSON says; 1 is malformed by the contract`);
});

Deno.test("the csv-spectrum sample with quotes in plain values is malformed", async () => {
  const [, record, ...rest] = await read(NOT_BY_THE_CONTRACT, 65_536);
  assert.deepEqual("why" in record && record.why, { kind: "stray_quote", value: 1 });
  assert.deepEqual(rest, []);
});
