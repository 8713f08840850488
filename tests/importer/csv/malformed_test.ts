import assert from "node:assert/strict";
import type { Malformed } from "../../../src/importer/csv/batch.ts";
import { malformedReason } from "../../../src/importer/csv/malformed.ts";

const HEADERS = ["unique_id", "", "City\n\u200b" + "x".repeat(100)];

Deno.test("each reason names the value, what is wrong with it, and what to do", () => {
  const cases: [Malformed, RegExp][] = [
    [
      { kind: "stray_quote", value: 0 },
      /^value 1 \("unique_id"\) has a quote inside but does not .*, and double each quote inside it$/,
    ],
    [
      { kind: "text_after_quote", value: 1 },
      /^text follows the closing quote of value 2: close the quote where .* and double each/,
    ],
    [
      { kind: "quote_not_closed", value: 0 },
      /^value 1 \("unique_id"\) begins with a quote that is not closed: add the closing quote, or /,
    ],
    [
      { kind: "control_character", value: 0 },
      /^value 1 \("unique_id"\) has an invisible control character: type/,
    ],
    [{ kind: "value_too_long", value: 0 }, /^value 1 \("unique_id"\) is longer than 64 KiB: shorten it$/],
    [
      { kind: "too_few_values", expected: 8, found: 7 },
      /^the record has 7 values but the header has 8: check .+, and add the missing delimiters$/,
    ],
    [
      { kind: "too_few_values", expected: 8, found: 1 },
      /^the record has 1 value but the header has 8: check /,
    ],
    [
      { kind: "too_many_values", expected: 8, found: 9 },
      /^the record has 9 values but the header has 8: put each value .* in quotes$/,
    ],
    [{ kind: "record_too_long" }, /^the record is longer than 1 MiB: shorten it$/],
    [{ kind: "not_utf8" }, /^the record has characters in the wrong encoding: save the whole file as CSV in UTF-8$/],
    [
      { kind: "fewer_than_others", expected: 4, found: 3 },
      /^the record has 3 values but most records have 4: add the missing delimiter between two values$/,
    ],
    [
      { kind: "more_than_others", expected: 4, found: 5 },
      /^the record has 5 values but most records have 4: remove the surplus delimiter, or put the value .* in quotes$/,
    ],
  ];
  for (const [why, sentence] of cases) assert.match(malformedReason(why, HEADERS), sentence);
});

Deno.test("a header is quoted on one line and cut; a value beyond the headers is named only by its number", () => {
  const reason = malformedReason({ kind: "quote_not_closed", value: 2 }, HEADERS);
  assert.ok(
    reason.startsWith(`value 3 ("City\\u{a}\\u{200b}${"x".repeat(74)}…") begins with a quote that is not closed: `),
  );
  assert.match(malformedReason({ kind: "stray_quote", value: 9 }, HEADERS), /^value 10 has a quote inside /);
});
