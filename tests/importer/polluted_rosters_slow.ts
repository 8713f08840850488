/**
 * Applies every kind of pollution in the Pollock benchmark (VLDB 2023) at every place in a roster with 24 columns.
 * rosterd and other CSV readers read the result. The table is in docs/reliability.md.
 */
import assert from "node:assert/strict";
import { survived } from "../faults/verdict.ts";
import { OTHER_READERS, Python } from "./pollution/other_readers.ts";
import { outcomeOf } from "./pollution/outcome.ts";
import type { PollutedFile } from "./pollution/polluted_file.ts";
import { allHidden, allPolluted, Tallies } from "./pollution/tally.ts";
import { verdictOn } from "./pollution/verdict.ts";
import { hasPython } from "./reader/python_csv.ts";

type OutcomeOf = typeof outcomeOf;

async function tallied(files: Iterable<PollutedFile>, name: string, outcome: (text: string) => ReturnType<OutcomeOf>) {
  const tallies = new Tallies();
  for (const file of files) tallies.add(file, verdictOn(file, await outcome(file.text)));
  console.log(`${tallies.table(name)}\n`);
  return tallies;
}

Deno.test("no damaged record is imported with wrong values, and no clean record beside it is lost", async () => {
  const { byKind, total } = await tallied(allPolluted(), "rosterd", (text) => outcomeOf(text));
  assert.ok(total.records >= 10_000, `${total.records} polluted records`);
  const silent = [...byKind].filter(([, { wrong, lost }]) => wrong + lost > 0);
  assert.deepEqual(silent, []);
  survived({ fault: "contents: polluted rosters", injected: total.records, checks: total.records + total.clean });
  await tallied(allHidden(), "rosterd, cannot be told", (text) => outcomeOf(text));
});

for (const reader of OTHER_READERS) {
  Deno.test(`${reader.name} reads the same polluted records`, async () => {
    const { total } = await tallied(allPolluted(), reader.name, (text) => reader.outcomeOf(text));
    assert.ok(total.right + total.failed + total.rejected > 0);
  });
}

const python = await hasPython();
if (!python) console.error("LEFT OUT: polluted rosters with Python's csv module, because there is no python3 here");

Deno.test({
  name: `Python's csv module reads the same polluted records${python ? "" : " (no python3 here)"}`,
  ignore: !python,
  fn: async () => {
    await using reader = new Python();
    const { total } = await tallied(allPolluted(), reader.name, (text) => reader.outcomeOf(text));
    assert.ok(total.right + total.failed + total.rejected > 0);
  },
});
