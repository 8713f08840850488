/**
 * One turn over an upload folder as its own process, for `other_process.ts`: takes everything that is ready and moves
 * it to `bak`. A file of lines stands for the database: what is in it counts as imported. Prints what it saw.
 */
import { appendFileSync, closeSync, fsyncSync, openSync } from "node:fs";
import type { ClaimedUpload } from "../../src/importer/ports.ts";
import { notesIn } from "./notes.ts";
import { STARTED, textOf, uploadsIn } from "./upload_folder.ts";

const [root, database] = Deno.args;
const { inbox } = uploadsIn(root);

/** Notes a line and waits until it is on disk; begins on a new one, since a killed turn may have left half of one. */
function note(...fields: string[]): void {
  const file = openSync(database, "a");
  appendFileSync(file, `\n${JSON.stringify(fields)}\n`);
  fsyncSync(file);
  closeSync(file);
}

async function finish(taken: ClaimedUpload): Promise<void> {
  if (!notesIn(database).some(([what, key]) => what === "imported" && key === taken.key)) {
    const file = (await inbox.open(taken))!;
    note("imported", taken.key, await textOf(file.read()));
    await file.close();
  }
  note("moved", taken.key, (await inbox.moveToBak(taken, STARTED))!);
  await inbox.forget(taken);
}

try {
  const look = await inbox.scan(0);
  console.log(JSON.stringify(look));
  await inbox.tidy();
  for (const taken of [...look.moved, ...look.claimed]) await finish(taken);
  for (const ready of look.ready) {
    const taken = await inbox.claim(ready);
    if (taken) await finish(taken);
  }
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  console.log(JSON.stringify({ code, message }));
}
