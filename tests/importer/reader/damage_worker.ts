/// <reference lib="deno.worker" />
/** Reads damaged rosters in a separate thread. `damage.ts` can end the thread if a roster blocks it. */
import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import type { Reason } from "../../../src/domain/outcome.ts";
import { type DamagedRoster, damagedRoster } from "./damaged_roster.ts";
import { assertKept } from "./kept.ts";
import { readOrReject, readWholeWay } from "./whole_way.ts";

export interface Tally {
  /** Files whose records were compared. */
  compared: number;
  kept: number;
  swallowed: number;
  outOfStep: number;
  rejected: number;
  /** Files with a damaged header, UTF-16 files and gz files: any result is allowed, but reading must finish. */
  unforeseen: number;
  slowestMs: number;
}

/** The worker sends `ready` first, because a job that arrives earlier would be lost while the modules are loading. */
export type Message = { ready: true } | { begun: number } | { done: Tally } | { failed: string };

const tally: Tally = { compared: 0, kept: 0, swallowed: 0, outOfStep: 0, rejected: 0, unforeseen: 0, slowestMs: 0 };

const anyChunk = fc.constantFrom(3, 64, 65_536, 65_536);
/** The form of the file: the damaged bytes unchanged, or damaged gz or UTF-16 bytes. */
const anyForm = fc.constantFrom<"plain" | "gz" | "utf16">(...new Array(18).fill("plain"), "gz", "utf16");

async function readDamaged(damage: DamagedRoster, form: "plain" | "gz" | "utf16", chunk: number): Promise<void> {
  const { roster, edits, damaged } = damage;
  if (form !== "plain" || edits[0].at < roster.headerEnd) {
    await readOrReject(form === "plain" ? damaged : damagedIn(form, damage), { chunk });
    tally.unforeseen++;
    return;
  }
  const after = await readOrReject(damaged, { chunk });
  if ("code" in after) {
    assertRejectedRightly(after, damaged);
    tally.rejected++;
    return;
  }
  for (const read of after.entries) {
    assert.ok(!("values" in read && read.values.join("").includes("\0")), "a NUL was read");
  }
  const before = await readWholeWay(roster.bytes, { chunk: 65_536, encoding: after.encoding });
  assert.deepEqual([after.delimiter, after.names], [before.delimiter, before.names]);
  const { records, swallowed, outOfStep } = assertKept(damage, before, after);
  tally.compared++;
  tally.kept += records;
  tally.swallowed += swallowed;
  tally.outOfStep += outOfStep;
}

/** If the header is intact, a roster is rejected only for a NUL or for a last line that may be cut off. */
function assertRejectedRightly({ code, line }: Reason, damaged: Uint8Array): void {
  if (code === "nul_bytes") return assert.ok(damaged.includes(0));
  const lines = Buffer.from(damaged).toString("latin1").split(/\r\n|\n|\r/);
  assert.equal(code, "cut_off");
  assert.ok(lines.at(-1) !== "" && line !== null && line <= lines.length, `cut off at line ${line} of ${lines.length}`);
}

/** Applies the damage to the bytes of a gz or UTF-16 file. */
function damagedIn(form: "gz" | "utf16", { roster, edits }: DamagedRoster): Uint8Array {
  const text = Buffer.from(roster.bytes).toString("latin1");
  let bytes = form === "gz" ? gzipSync(roster.bytes) : Buffer.from("\ufeff" + text, "utf16le");
  for (const { at, to, insert } of edits.toReversed()) {
    const from = at % (bytes.length + 1);
    bytes = Buffer.concat([bytes.subarray(0, from), insert, bytes.subarray(from + to - at)]);
  }
  return Uint8Array.from(bytes);
}

const post = (message: Message) => self.postMessage(message);

self.onmessage = async ({ data: { seed, files } }: MessageEvent<{ seed: number; files: number }>) => {
  let begun = 0;
  const property = fc.asyncProperty(damagedRoster, anyForm, anyChunk, async (damage, form, chunk) => {
    post({ begun: ++begun });
    const from = performance.now();
    await readDamaged(damage, form, chunk);
    tally.slowestMs = Math.max(tally.slowestMs, performance.now() - from);
  });
  try {
    await fc.assert(property, { numRuns: files, seed });
    post({ done: tally });
  } catch (error) {
    const { message, cause } = error as Error;
    post({ failed: `${message}\n${cause instanceof Error ? cause.stack : ""}` });
  }
};

post({ ready: true });
