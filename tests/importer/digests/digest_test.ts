/** Records are compared by digest, so nearly identical records must have different digests. */
import assert from "node:assert/strict";
import { Digest } from "../../../src/importer/digests/digest.ts";

const encoder = new TextEncoder();

/** The number of strings whose digest equals that of another one, in all 64 bits and in each half. */
function collisions(texts: Iterable<string>, seed = 1): { whole: number; low: number; high: number } {
  const digest = new Digest(seed, 2);
  const whole = new Set<string>(), low = new Set<number>(), high = new Set<number>();
  let count = 0;
  for (const text of texts) {
    const bytes = encoder.encode(text);
    digest.take(new DataView(bytes.buffer), 0, bytes.length);
    whole.add(`${digest.low} ${digest.high}`);
    low.add(digest.low);
    high.add(digest.high);
    count++;
  }
  return { whole: count - whole.size, low: count - low.size, high: count - high.size };
}

/**
 * Among 380,000 random 32-bit numbers, about 17 can be expected to collide. A hundred collisions would mean a bad
 * digest.
 */
function assertApart(texts: readonly string[]): void {
  const { whole, low, high } = collisions(texts);
  const chance = texts.length ** 2 / 2 ** 33;
  assert.equal(whole, 0);
  assert.ok(low < 3 * chance + 10 && high < 3 * chance + 10, `${low} and ${high} where ${chance} are chance`);
}

Deno.test("user numbers of any length and with any prefix have distinct digests", () => {
  for (const prefix of ["", "U", "U0", "user-", "2026000"]) {
    for (const width of [1, 8, 11]) {
      assertApart(Array.from({ length: 120_000 }, (_, at) => prefix + String(at).padStart(width, "0")));
    }
  }
});

const RECORD = "U00138391,ldap,Anna,Tremblay,anna138391,anna.138391@example.edu,12 Main Street,Ottawa,ON,K1A 0B1,,,,," +
  "613-555-0142,student,,,138391,613-555-0188,,,1999-02-28,1";

Deno.test("a record and the same record with any two characters changed have distinct digests", () => {
  const texts = new Set([RECORD]);
  const put = (text: string, at: number, character: string) => text.slice(0, at) + character + text.slice(at + 1);
  for (let one = 0; one < RECORD.length; one++) {
    for (const first of "0129aA") {
      for (let other = one; other < Math.min(one + 40, RECORD.length); other++) {
        for (const second of "17Z,") texts.add(put(put(RECORD, one, first), other, second));
      }
    }
  }
  assertApart([...texts]);
});

Deno.test("a record that gains or loses characters at its end, or has two characters swapped, has a different digest", () => {
  const swapped = Array.from(
    { length: RECORD.length - 1 },
    (_, at) => RECORD.slice(0, at) + RECORD[at + 1] + RECORD[at] + RECORD.slice(at + 2),
  ).filter((text) => text !== RECORD);
  const cut = Array.from({ length: RECORD.length + 1 }, (_, at) => RECORD.slice(0, at));
  const padded = Array.from({ length: 20 }, (_, at) => RECORD + "\0".repeat(at + 1));
  assertApart([...swapped, ...cut, ...padded]);
});

Deno.test("another seed gives another digest", () => {
  const [one, other] = [new Digest(1, 2), new Digest(1, 3)];
  const bytes = new DataView(encoder.encode(RECORD).buffer);
  one.take(bytes, 0, bytes.byteLength);
  other.take(bytes, 0, bytes.byteLength);
  assert.notDeepEqual([one.low, one.high], [other.low, other.high]);
});

Deno.test("only the bytes between the bounds count, at any address", () => {
  const digest = new Digest(1, 2), seen = new Set<string>();
  for (let shift = 0; shift < 9; shift++) {
    const bytes = new DataView(encoder.encode("x".repeat(shift) + RECORD + "y".repeat(9)).buffer);
    digest.take(bytes, shift, shift + RECORD.length);
    seen.add(`${digest.low} ${digest.high}`);
  }
  assert.equal(seen.size, 1);
});
