import { readLastImport } from "../host/last_import.ts";
import { type GreatestId, NO_GREATEST_ID } from "../postgres/import/import_ids.ts";

/**
 * The greatest id that the service with this data folder remembers. A command only reads this id, because the command
 * may run as another user; the service records the ids of its imports.
 */
export function greatestIdIn(dataFolder: string): GreatestId {
  return { ...NO_GREATEST_ID, read: () => readLastImport(dataFolder) };
}
