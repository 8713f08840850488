/**
 * `DATA/service.json`: where the running service listens, and a copy of it in the run folder of its unit. The service writes and
 * removes them; the command line and `rosterd healthcheck` read them. After a kill it stays behind, so a reader must still ask that address.
 */
import { join } from "node:path";
import { z } from "zod";
import { inData } from "./unusable_data.ts";
import { readIfPresent, writeWhole } from "./whole_file.ts";

const serviceRecord = z.object({
  /** Base of its addresses: `http://127.0.0.1:8080`. */
  address: z.url(),
  pid: z.int(),
  /** RFC 3339. */
  started_at: z.string(),
  /** The data folder, absolute; for the copy that stands elsewhere. */
  data: z.string().optional(),
});

export type ServiceRecord = z.output<typeof serviceRecord>;

export async function writeServiceRecord(folder: string, record: ServiceRecord, mode = 0o600): Promise<void> {
  await inData(folder, () => writeWhole(recordPath(folder), JSON.stringify(record) + "\n", { mode }));
}

/** Null when no service runs, or none that ended cleanly left its record. Throws when the file is not a record. */
export async function readServiceRecord(folder: string): Promise<ServiceRecord | null> {
  const text = await inData(folder, () => readIfPresent(recordPath(folder)));
  return text === null ? null : serviceRecord.parse(JSON.parse(text));
}

/** Removes the record unless another service has written its own since. */
export async function removeServiceRecord(folder: string, own: ServiceRecord): Promise<void> {
  const found = await readServiceRecord(folder);
  if (found?.pid === own.pid && found.started_at === own.started_at) await Deno.remove(recordPath(folder));
}

function recordPath(folder: string): string {
  return join(folder, "service.json");
}
