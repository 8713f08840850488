import assert from "node:assert/strict";
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import { malformedReason } from "../../../src/importer/csv/malformed.ts";

const HEADERS = ["unique_id", "", "City\n\u200b" + "x".repeat(100)];

Deno.test("each fault is told in a sentence that names the value and what is wrong with it", () => {
  const cases: [Malformed, RegExp][] = [
    [
      { kind: "stray_quote", value: 0 },
      /^a quote stands within value 1 \("unique_id"\), .*double each quote within it$/,
    ],
    [
      { kind: "text_behind_quote", value: 1 },
      /^text stands behind the closing quote of value 2: close the quote where .* and double each/,
    ],
    [
      { kind: "quote_not_closed", value: 0 },
      /^the quote that opens value 1 \("unique_id"\) is not closed: add the closing quote, or /,
    ],
    [
      { kind: "control_character", value: 0 },
      /^value 1 \("unique_id"\) has a control character, which is invisible: type/,
    ],
    [{ kind: "value_too_long", value: 0 }, /^value 1 \("unique_id"\) is longer than 64 KiB$/],
    [
      { kind: "too_few_values", expected: 8, found: 7 },
      /^the record has 7 values where the header has 8: a delimiter is missing, or empty values at the end were left out\. Check .+$/,
    ],
    [
      { kind: "too_few_values", expected: 8, found: 1 },
      /^the record has 1 value where the header has 8: a delimiter is missing, /,
    ],
    [
      { kind: "too_many_values", expected: 8, found: 9 },
      /^the record has 9 values where the header has 8: put a value .* in quotes$/,
    ],
    [{ kind: "record_too_long" }, /^the record is longer than 1 MiB$/],
    [{ kind: "not_utf8" }, /not UTF-8, or in another encoding than the rest of the file: save the file as UTF-8$/],
    [
      { kind: "fewer_than_others", expected: 4, found: 3 },
      /^the record has 3 values where most records have 4: a delimiter is missing between two values$/,
    ],
  ];
  for (const [why, sentence] of cases) assert.match(malformedReason(why, HEADERS), sentence);
});

Deno.test("a header is quoted on one line and cut; a value beyond the headers has only its number", () => {
  const reason = malformedReason({ kind: "quote_not_closed", value: 2 }, HEADERS);
  assert.ok(
    reason.startsWith(`the quote that opens value 3 ("City\\u{a}\\u{200b}${"x".repeat(74)}…") is not closed: `),
  );
  assert.match(malformedReason({ kind: "stray_quote", value: 9 }, HEADERS), /^a quote stands within value 10, /);
});
