import assert from "node:assert/strict";
import { nextStep, type Place, type Stage, stageOf, type Step } from "../../src/importer/next_step.ts";

const PLACES: readonly Place[] = ["upload", "claimed", "packed", "bak", "held", "gone"];
const STAGES: readonly Stage[] = ["unknown", "begun", "over", "kept", "filed"];

/** The state that a step leads to if nothing fails. */
function after(stage: Stage, step: Step): [Place, Stage] | null {
  if (step === "claim") return ["claimed", "unknown"];
  if (step === "import") return ["claimed", "over"];
  if (step === "adopt") return ["bak", stage];
  if (step === "keep_failed") return ["claimed", "kept"];
  if (step === "pack") return ["packed", stage];
  if (step === "move") return ["bak", "filed"];
  return step === "forget" ? ["gone", stage] : null;
}

Deno.test("from every place and stage, the steps come to an end and never import a file twice", () => {
  for (const place of PLACES) {
    for (const stage of STAGES) {
      const steps: Step[] = [];
      let at: [Place, Stage] | null = [place, stage];
      for (let step = nextStep(...at); at !== null && step !== null; step = at && nextStep(...at)) {
        if (step === "import") assert.ok(["unknown", "begun"].includes(at[1]), `${at}`);
        steps.push(step);
        at = after(at[1], step);
        assert.ok(steps.length < 7, `${place} ${stage}: ${steps}`);
      }
    }
  }
});

Deno.test("the steps of a new upload are claim, import, keep_failed, pack, move and forget", () => {
  const way: [Place, Stage][] = [
    ["upload", "unknown"],
    ["claimed", "unknown"],
    ["claimed", "over"],
    ["claimed", "kept"],
    ["packed", "kept"],
    ["bak", "filed"],
    ["gone", "filed"],
  ];
  assert.deepEqual(way.map(([place, stage]) => nextStep(place, stage)), [
    "claim",
    "import",
    "keep_failed",
    "pack",
    "move",
    "forget",
    null,
  ]);
});

Deno.test("a file whose name in bak is recorded is not packed any more", () => {
  assert.deepEqual([nextStep("claimed", "filed"), nextStep("packed", "filed")], ["move", "move"]);
});

Deno.test("after an approval, the file in bak is adopted, its failed records are written, and its name is recorded", () => {
  const way: [Place, Stage][] = [["held", "over"], ["bak", "over"], ["bak", "kept"], ["bak", "filed"], [
    "gone",
    "filed",
  ]];
  assert.deepEqual(way.map(([place, stage]) => nextStep(place, stage)), [
    "adopt",
    "keep_failed",
    "move",
    "forget",
    null,
  ]);
  assert.equal(nextStep("held", "kept"), "adopt", "without failed records");
  assert.equal(nextStep("held", "unknown"), null, "an approval that was not committed leaves no trace");
});

Deno.test("every upload in a folder has a next step", () => {
  for (const place of ["claimed", "bak"] as const) {
    for (const stage of STAGES) assert.notEqual(nextStep(place, stage), null, `${place} ${stage}`);
  }
});

Deno.test("an import whose file no longer exists is ended once, unless the file is in bak", () => {
  assert.deepEqual(STAGES.map((stage) => nextStep("gone", stage)), [null, "end", "end", "end", null]);
});

Deno.test("the stage of an import is derived from its history entry", () => {
  const entry = { status: "done", failed: 0, failed_file: null, bak_file: null } as const;
  assert.equal(stageOf(null), "unknown");
  assert.equal(stageOf({ ...entry, status: "running" }), "begun");
  assert.equal(stageOf({ ...entry, status: "error" }), "begun");
  assert.equal(stageOf({ ...entry, status: "failed_records", failed: 2 }), "over");
  assert.equal(stageOf({ ...entry, status: "failed_records", failed: 2, failed_file: "x.failed.csv" }), "kept");
  assert.equal(stageOf(entry), "kept");
  assert.equal(stageOf({ ...entry, bak_file: "x.csv" }), "filed");
  assert.equal(stageOf({ ...entry, failed: 2, bak_file: "x.csv" }), "filed", "its failed records were cleared since");
});
