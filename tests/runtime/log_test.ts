/** The log writes one line per event, whatever characters a file name contains. */
import assert from "node:assert/strict";
import { fileStamp } from "../../src/runtime/clock.ts";
import { createLog, printable } from "../../src/runtime/log.ts";

function logged(format: "text" | "json", level: "debug" | "warn" = "debug") {
  const lines: string[] = [];
  const now = () => new Date("2026-11-23T18:30:58.123Z");
  return { lines, log: createLog({ level, format, now, write: (line) => lines.push(line) }) };
}

Deno.test("in JSON, an event is one object on one line", () => {
  const { log, lines } = logged("json");
  log.info("imported", { file: "a\nb.csv", records: 3 });
  assert.equal(lines[0].split("\n").length, 2);
  assert.deepEqual(JSON.parse(lines[0]), {
    time: "2026-11-23T18:30:58.123Z",
    level: "info",
    event: "imported",
    file: "a\nb.csv",
    records: 3,
  });
});

Deno.test("in text, a name with a newline, an escape code or a direction mark stays on one harmless line", () => {
  const { log, lines } = logged("text");
  log.warn("left_alone", { file: "a\nb\x1b[31m\u202e.csv", size: 5 });
  assert.equal(lines[0], '2026-11-23T18:30:58.123Z warn  left_alone file="a\\nb\\u001b[31m\\u{202e}.csv" size=5\n');
});

Deno.test("events below the level are not written", () => {
  const { log, lines } = logged("text", "warn");
  log.debug("a");
  log.info("b");
  log.warn("c");
  log.error("d");
  assert.equal(lines.length, 2);
});

Deno.test("printable shows invisible characters and lone surrogates", () => {
  assert.equal(printable("a\u200bb\ud800"), "a\\u{200b}b\\u{d800}");
  assert.equal(printable("Zoë 😀"), "Zoë 😀");
});

Deno.test("the time in a file name is in UTC without punctuation", () => {
  assert.equal(fileStamp(new Date("2026-01-02T03:04:05.678Z")), "20260102T030405Z");
});
