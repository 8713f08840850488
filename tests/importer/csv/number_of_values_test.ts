/** Tests how many values a record must have (docs/file-format.md#number-of-values), with chunks of several sizes. */
import assert from "node:assert/strict";
import { RejectedFile } from "../../../src/domain/outcome.ts";
import { parseSettings } from "../../../src/domain/parse_settings.ts";
import { openRoster } from "../../../src/importer/csv/roster.ts";
import type { UnchangedMatcher } from "../../../src/importer/digests/unchanged_matcher.ts";
import { fileOf, recordsOf } from "../../support/memory_file.ts";

const HEADER = "unique_id,login_source,first_name,street,city2,zip2,employ_no,student_no";

/**
 * The outcome of each record: "good", or the reason why it fails. The reason for the rejection, if the file was
 * rejected.
 */
async function kindsOf(lines: readonly string[], matcher?: UnchangedMatcher): Promise<string[] | string> {
  const read = async (chunk: number) => {
    const file = fileOf(lines.map((line) => line + "\n").join(""), { chunk });
    try {
      const { records } = await openRoster(() => file.read(), parseSettings({}), false);
      return (await recordsOf(records(matcher))).map((one) => "why" in one ? one.why.kind : "good");
    } catch (error) {
      if (error instanceof RejectedFile) return error.reason.text;
      throw error;
    }
  };
  const all = await Promise.all((matcher === undefined ? [1, 64, 65_536] : [65_536]).map(read));
  for (const other of all) assert.deepEqual(other, all[0]);
  return all[0];
}

const record = (at: number, ...more: string[]) => [`u${at}`, "SSO", "Ann", "1 Elm", "Hull", ...more].join(",");
const records = (count: number, ...more: string[]) => Array.from({ length: count }, (_, at) => record(at, ...more));
const good = (count: number) => Array(count).fill("good");

Deno.test("a record with an extra delimiter fails, even if its last value is empty", async () => {
  const lines = [HEADER, ...records(3, "", "", ""), record(3, "", "", "", ""), record(4, "", "", "")];
  assert.deepEqual(await kindsOf(lines), [...good(3), "more_than_others", "good"]);
});

Deno.test("an extra delimiter in a block of short records fails, even in the first record of the block", async () => {
  const full = records(15, "", "", ""), short = records(16, "", "");
  const polluted = (at: number) => short.map((line, other) => other === at ? line + "," : line);
  for (const at of [0, 1, 7, 15]) {
    const kinds = await kindsOf([HEADER, ...full, ...polluted(at)]) as string[];
    assert.deepEqual(kinds.slice(0, 15), good(15));
    assert.equal(kinds[15 + at], "more_than_others");
  }
});

Deno.test("if unchanged records are skipped, the number of values is still judged by all records", async () => {
  const lines = [HEADER, ...records(20, "", "", "", ""), record(20, "", "", "")];
  const text = lines.map((line) => line + "\n").join("");
  const last = text.lastIndexOf("\n", text.length - 2) + 1;
  // Skips every line except the last one.
  const matcher = {
    skipped: 0,
    begin: () => {},
    skip: (start: number) => {
      const end = text.indexOf("\n", start);
      return start >= text.indexOf("\n") + 1 && start < last ? end : -1;
    },
  } as unknown as UnchangedMatcher;
  assert.deepEqual(await kindsOf(lines, matcher), ["fewer_than_others"]);
});

Deno.test("records are not padded if the header has an extra delimiter", async () => {
  for (const header of [HEADER.replace(",city2", ",,city2"), HEADER.replace("city2", "ci,ty2")]) {
    assert.deepEqual(await kindsOf([header, ...records(20, "", "", "")]), Array(20).fill("too_few_values"), header);
  }
});

Deno.test("records are not cut if the header lost a delimiter; the file is rejected", async () => {
  const reason =
    "the header has 7 columns but most records have 8 values: add the missing name or delimiter to the header";
  const knownNames = HEADER.replace("street,city2", "streetcity2");
  assert.equal(await kindsOf([knownNames, ...records(20, "", "", "")]), reason);
  const unknownName = HEADER.replace("street,city2", "streetnote");
  const filled = (at: number) => record(at, "", "", at % 4 === 0 ? "S1" : "");
  assert.equal(await kindsOf([unknownName, ...Array.from({ length: 20 }, (_, at) => filled(at))]), reason);
});

Deno.test("a single note after a surplus delimiter fails only its record", async () => {
  const lines = [HEADER, ...records(5, "", "", "", ""), record(5, "", "", "", "moved")];
  assert.deepEqual(await kindsOf(lines), [...good(5), "too_many_values"]);
});

Deno.test("a header that is repeated among records with surplus empty values is skipped", async () => {
  const some = records(20, "", "", "", "");
  assert.deepEqual(await kindsOf([HEADER, ...some, HEADER, ...some]), good(40));
});

Deno.test("a narrower table after a blank line, or beginning in the middle of a block, is not padded", async () => {
  const table = Array.from({ length: 40 }, (_, at) => `L${at},Lot ${at}`);
  for (const gap of [[], [""]]) {
    for (let before = 20; before < 47; before++) {
      // The damage cannot be detected on the first or last row of a block (docs/reliability.md#polluted-rosters).
      if (gap.length === 0 && [30, 31, 46].includes(before)) continue;
      const kinds = await kindsOf([HEADER, ...records(before, "", "", ""), ...gap, ...table]) as string[];
      assert.ok(!kinds.slice(before).includes("good"), `${before} records, ${gap.length} blank lines`);
    }
  }
});

Deno.test("a quote that opens in one record and closes in the same column of a later record fails only these two records", async () => {
  const header = HEADER.replace("city2", "note");
  for (const distance of [1, 2, 6]) {
    const lines = records(12, "", "", "");
    lines[2] = lines[2].replace("Hull", '"Hull');
    lines[2 + distance] = lines[2 + distance].replace("Hull", 'Hull"');
    const expected = good(12);
    expected[2] = "quote_not_closed";
    expected[2 + distance] = "stray_quote";
    assert.deepEqual(await kindsOf([header, ...lines]), expected);
  }
});

Deno.test("a note of several lines with delimiters is one value", async () => {
  const note = '"moved, see file\nback, on 3 May, or later, or never"';
  assert.deepEqual(await kindsOf([HEADER, record(0, note, "", "").replace("Hull,", ""), record(1, "", "", note)]), [
    "too_few_values",
    "good",
  ]);
});
