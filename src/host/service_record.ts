/**
 * Records the address on which the running service listens. A killed service leaves its record behind, so readers must
 * check that a service answers at the address.
 */
import { join } from "node:path";
import { z } from "zod";
import { inData } from "./unusable_data.ts";
import { readIfPresent, writeWhole } from "./whole_file.ts";

const serviceRecord = z.object({
  /** The address of the service, such as `http://127.0.0.1:8080`. */
  address: z.url(),
  pid: z.int(),
  /** When the service started, in RFC 3339 format. */
  started_at: z.string(),
  /**
   * The absolute path of the data folder. Programs that read the copy of this record in the run folder need the path.
   */
  data: z.string().optional(),
});

export type ServiceRecord = z.output<typeof serviceRecord>;

export async function writeServiceRecord(folder: string, record: ServiceRecord, mode = 0o600): Promise<void> {
  await inData(folder, () => writeWhole(recordPath(folder), JSON.stringify(record) + "\n", { mode }));
}

/** Reads the record. Returns null if the record is missing; throws if it is not valid. */
export async function readServiceRecord(folder: string): Promise<ServiceRecord | null> {
  const text = await inData(folder, () => readIfPresent(recordPath(folder)));
  return text === null ? null : serviceRecord.parse(JSON.parse(text));
}

/** Removes the record, unless another service has replaced it. */
export async function removeServiceRecord(folder: string, own: ServiceRecord): Promise<void> {
  const found = await readServiceRecord(folder);
  if (found?.pid === own.pid && found.started_at === own.started_at) await Deno.remove(recordPath(folder));
}

function recordPath(folder: string): string {
  return join(folder, "service.json");
}
