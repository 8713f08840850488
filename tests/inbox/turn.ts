/**
 * Runs one turn in a process for `other_process.ts`: claims every ready upload, moves it to `bak` and prints the scan.
 * A file with one line per import takes the place of the database.
 */
import { appendFileSync, closeSync, fsyncSync, openSync } from "node:fs";
import type { ClaimedUpload } from "../../src/importer/inbox_port.ts";
import { notesIn } from "./notes.ts";
import { STARTED, textOf, uploadsIn } from "./upload_folder.ts";

const [root, database] = Deno.args;
const { inbox } = uploadsIn(root);

/**
 * Appends a line and syncs it to disk. Starts a new line, because a killed turn may have written an incomplete line.
 */
function note(...fields: string[]): void {
  const file = openSync(database, "a");
  appendFileSync(file, `\n${JSON.stringify(fields)}\n`);
  fsyncSync(file);
  closeSync(file);
}

async function finish(claimed: ClaimedUpload): Promise<void> {
  if (!notesIn(database).some(([what, key]) => what === "imported" && key === claimed.key)) {
    const file = (await inbox.open(claimed))!;
    note("imported", claimed.key, await textOf(file.read()));
    await file.close();
  }
  await inbox.pack(claimed, new AbortController().signal);
  note("moved", claimed.key, (await inbox.moveToBak(claimed, STARTED))!);
  await inbox.forget(claimed);
}

try {
  const scan = await inbox.scan(0);
  console.log(JSON.stringify(scan));
  await inbox.tidy();
  for (const claimed of [...scan.moved, ...scan.claimed]) await finish(claimed);
  for (const ready of scan.ready) {
    const claimed = await inbox.claim(ready);
    if (claimed) await finish(claimed);
  }
} catch (error) {
  const { code, message } = error as { code?: string; message: string };
  console.log(JSON.stringify({ code, message }));
}
